"""What a version says beside the 19 criteria: the lines of its other sections, and its resources by source."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from criteria.models import Criterion

from .report import ReportVersion


class Section(models.TextChoices):
    """The sections of a report beside the criteria, in the order of the official form."""

    STEERING = "steering", pgettext_lazy("section", "Steering and direction")
    INSPECTIONS = "inspections", pgettext_lazy("section", "Inspections in the quarter")
    RESOURCES = "resources", pgettext_lazy("section", "Resources")
    RESULTS = "results", pgettext_lazy("section", "Main results")
    IMPACT = "impact", pgettext_lazy("section", "Impact")
    DIFFICULTIES = "difficulties", pgettext_lazy("section", "Difficulties and causes")
    TASKS = "tasks", pgettext_lazy("section", "Tasks for the next quarter")
    PROPOSALS = "proposals", pgettext_lazy("section", "Proposals")


class Written(models.Model):
    """Content that is written row by row, and how often it was."""

    row_version = models.PositiveIntegerField(default=1)

    CONTENT: tuple[str, ...] = ()

    class Meta:
        abstract = True


class SectionContent(Written):
    """What a line of a section says. Which columns a section uses, and under which names, says `reports.sections`."""

    kind = models.CharField(_("kind"), max_length=20, blank=True)
    criterion = models.ForeignKey(
        Criterion, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("criterion")
    )
    text = models.TextField(_("what"), blank=True)
    detail = models.TextField(_("details"), blank=True)
    body = models.CharField(_("body"), max_length=200, blank=True)
    number = models.CharField(_("document number"), max_length=50, blank=True)
    day = models.DateField(_("day"), null=True, blank=True)
    until = models.DateField(_("until"), null=True, blank=True)
    quantity = models.DecimalField(_("quantity"), max_digits=18, decimal_places=4, null=True, blank=True)
    quantity_before = models.DecimalField(_("quantity before"), max_digits=18, decimal_places=4, null=True, blank=True)
    unit = models.CharField(_("unit"), max_length=50, blank=True)
    removed = models.BooleanField(_("removed"), default=False)

    CONTENT = (
        "kind",
        "criterion",
        "text",
        "detail",
        "body",
        "number",
        "day",
        "until",
        "quantity",
        "quantity_before",
        "unit",
        "removed",
    )

    class Meta:
        abstract = True


class SectionLine(SectionContent):
    """One line of a section in one version: a document issued, an inspection, a difficulty and its cause.

    `key` is made where the line is first written, so that a request sent twice makes one line, and stays with the
    line over versions. A removed line stays as a row. The line of the kind `NOTHING` says that the section has
    nothing to report in the quarter.
    """

    NOTHING = "nothing"

    version = models.ForeignKey(ReportVersion, models.PROTECT, related_name="lines")
    section = models.CharField(max_length=15, choices=Section)
    key = models.CharField(max_length=36)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="Empty only where a text is older than its history.",
    )
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["version", "section", "pk"]
        verbose_name = _("line of a section")
        verbose_name_plural = _("lines of sections")
        constraints = [
            models.UniqueConstraint(fields=["version", "key"], name="line_key_once_per_version"),
            models.CheckConstraint(
                condition=Q(quantity__isnull=True) | Q(quantity__gte=0), name="line_quantity_from_zero"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_section_display()}: {self.text[:60]}"

    @classmethod
    def nothing_key(cls, section: str) -> str:
        """The key of the line that says that the section has nothing to report."""
        return f"{cls.NOTHING}-{section}"

    @property
    def says_nothing(self) -> bool:
        return self.kind == self.NOTHING


class Source(models.TextChoices):
    """Where resources come from."""

    CENTRAL_INVESTMENT = "central_invest", pgettext_lazy("source", "Central budget: investment")
    CENTRAL_RECURRENT = "central_recur", pgettext_lazy("source", "Central budget: recurrent")
    PROVINCE = "province", pgettext_lazy("source", "Provincial budget")
    DISTRICT = "district", pgettext_lazy("source", "District budget")
    COMMUNE = "commune", pgettext_lazy("source", "Commune budget")
    INTEGRATED = "integrated", pgettext_lazy("source", "Integrated programmes and projects")
    CREDIT = "credit", pgettext_lazy("source", "Credit")
    ENTERPRISES = "enterprises", pgettext_lazy("source", "Enterprises and cooperatives")
    PEOPLE_CASH = "people_cash", pgettext_lazy("source", "People: cash")
    PEOPLE_LABOUR = "people_labour", pgettext_lazy("source", "People: labour, in money")
    PEOPLE_MATERIALS = "people_material", pgettext_lazy("source", "People: materials, in money")
    PEOPLE_LAND = "people_land", pgettext_lazy("source", "People: land given")
    OTHER = "other", pgettext_lazy("source", "Other sources")

    @property
    def is_money(self) -> bool:
        """Whether it is counted in million dong; land is counted in square metres and never added to money."""
        return self != Source.PEOPLE_LAND


class ResourceContent(Written):
    """What a source gave: in million dong, land in square metres."""

    planned = models.DecimalField(_("planned for the year"), max_digits=16, decimal_places=3, null=True, blank=True)
    mobilised = models.DecimalField(_("mobilised this quarter"), max_digits=16, decimal_places=3, null=True, blank=True)
    cumulative = models.DecimalField(
        _("cumulative since the start of the year"), max_digits=16, decimal_places=3, null=True, blank=True
    )
    disbursed = models.DecimalField(_("disbursed"), max_digits=16, decimal_places=3, null=True, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)

    AMOUNTS = ("planned", "mobilised", "cumulative", "disbursed")
    CONTENT = (*AMOUNTS, "note")

    class Meta:
        abstract = True

    @property
    def is_empty(self) -> bool:
        return not self.note and all(getattr(self, name) is None for name in self.AMOUNTS)


class ResourceEntry(ResourceContent):
    """The resources of one source in one version."""

    version = models.ForeignKey(ReportVersion, models.PROTECT, related_name="resources")
    source = models.CharField(_("source"), max_length=15, choices=Source)
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["version", "pk"]
        verbose_name = _("resources of a source")
        verbose_name_plural = _("resources by source")
        constraints = [
            models.UniqueConstraint(fields=["version", "source"], name="resource_once_per_version_and_source"),
            *(
                models.CheckConstraint(
                    condition=Q(**{f"{name}__isnull": True}) | Q(**{f"{name}__gte": 0}),
                    name=f"resource_{name}_from_zero",
                )
                for name in ResourceContent.AMOUNTS
            ),
        ]

    def __str__(self) -> str:
        return self.get_source_display()
