"""Where and who: provinces, communes, programmes with their targets, people and their areas."""

from datetime import date
from functools import cached_property
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from criteria.models import Bilingual, Region
from ntm_tracker import clock

from .querysets import AppendOnlyQuerySet, AreaAssignmentQuerySet, CommuneQuerySet, MembershipQuerySet


class Province(models.Model):
    """A province or centrally run city, with the region whose thresholds hold there."""

    code = models.CharField(_("code"), max_length=2, unique=True)
    name = models.CharField(_("name"), max_length=100, unique=True)
    region = models.ForeignKey(Region, models.PROTECT, related_name="provinces", verbose_name=_("region"))

    class Meta:
        ordering = ["code"]
        verbose_name = _("province")
        verbose_name_plural = _("provinces")

    def __str__(self) -> str:
        return self.name


class Commune(models.Model):
    """A commune as one list of administrative units has it.

    Codes were reused over the years, so a code is unique only within its list.
    """

    code_list = models.CharField(
        _("list of codes"), max_length=20, default="2015", help_text=_("The official list the code is from.")
    )
    code = models.CharField(_("code"), max_length=5)
    name = models.CharField(_("name"), max_length=100)
    district_code = models.CharField(_("district code"), max_length=3, blank=True)
    district = models.CharField(_("district"), max_length=100)
    province = models.ForeignKey(Province, models.PROTECT, related_name="communes", verbose_name=_("province"))
    area_ha = models.DecimalField(_("area (ha)"), max_digits=10, decimal_places=2, null=True, blank=True)
    households = models.PositiveIntegerField(_("households"), null=True, blank=True)
    population = models.PositiveIntegerField(_("population"), null=True, blank=True)
    figures_source = models.CharField(_("source of these figures"), max_length=300, blank=True)
    valid_from = models.DateField(_("exists from"), null=True, blank=True)
    valid_to = models.DateField(_("exists until"), null=True, blank=True)

    objects = CommuneQuerySet.as_manager()

    class Meta:
        ordering = ["province__code", "name"]
        verbose_name = _("commune")
        verbose_name_plural = _("communes")
        constraints = [
            models.UniqueConstraint(
                fields=["code_list", "code"],
                name="commune_code_once_per_list",
                violation_error_message=_("This list already has a commune with this code."),
            ),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="commune_ends_after_it_begins",
                violation_error_message=_("The commune cannot end before it begins."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("communes:detail", args=[self.pk])


class AppendOnly(models.Model):
    """Rows that are written once: a correction is a further row, so that the past stays readable."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk:
            raise ValidationError(_("This entry is history and cannot be changed. Add a new one."))
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise ValidationError(_("This entry is history and cannot be deleted."))


class Programme(Bilingual):
    """A set of communes that are followed together, such as the 11 pilot communes of the letter."""

    code = models.SlugField(_("code"), max_length=30, unique=True)
    source = models.CharField(_("source"), max_length=300)
    baseline_on = models.DateField(
        _("compared with"), help_text=_("The day progress is counted from: the end of 2011 in the letter.")
    )

    class Meta:
        ordering = ["pk"]
        verbose_name = _("programme")
        verbose_name_plural = _("programmes")


class Membership(AppendOnly):
    """From `since` on, the commune is followed by the programme, or no longer (`is_member` off).

    The newest row on or before a day says how it stands on that day.
    """

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="memberships", verbose_name=_("programme"))
    commune = models.ForeignKey(Commune, models.PROTECT, related_name="memberships", verbose_name=_("commune"))
    since = models.DateField(_("since"))
    is_member = models.BooleanField(_("is a member"), default=True)
    source = models.CharField(_("source"), max_length=300)

    objects = MembershipQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        ordering = ["programme", "since", "commune"]
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "commune", "since"],
                name="membership_once_per_day",
                violation_error_message=_("The membership of this commune is already stated for that day."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.commune}, {self.since:%d/%m/%Y}"


class Target(AppendOnly):
    """So many communes complete by a day. The newest statement for a day counts."""

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="targets", verbose_name=_("programme"))
    due_on = models.DateField(_("by"))
    required = models.PositiveSmallIntegerField(_("communes required"))
    stated_on = models.DateField(_("stated on"))
    source = models.CharField(_("source"), max_length=300)

    class Meta:
        ordering = ["programme", "due_on", "stated_on"]
        verbose_name = _("target")
        verbose_name_plural = _("targets")
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "due_on", "stated_on"],
                name="target_once_per_day_and_statement",
                violation_error_message=_("This target is already stated."),
            )
        ]

    def __str__(self) -> str:
        return gettext("%(required)s communes by %(day)s") % {
            "required": self.required,
            "day": f"{self.due_on:%d/%m/%Y}",
        }


class Duty(models.TextChoices):
    """What somebody does in the programme."""

    EDITOR = "editor", pgettext_lazy("duty", "committee editor")
    SIGNER = "signer", pgettext_lazy("duty", "committee signer")
    REVIEWER = "reviewer", pgettext_lazy("duty", "ministry reviewer")
    LEAD = "lead", pgettext_lazy("duty", "ministry lead")
    CENTRAL = "central", pgettext_lazy("duty", "central member")
    VIEWER = "viewer", pgettext_lazy("duty", "viewer")


class User(AbstractUser):
    """Somebody with an account. What they may do follows from their area assignments.

    An administrator is `is_staff` with the Django permissions of the group "administrator".
    """

    full_name = models.CharField(_("full name"), max_length=150)
    position = models.CharField(_("position"), max_length=150, blank=True)
    body = models.CharField(_("body"), max_length=200, blank=True, help_text=_("For instance: BCĐ Nam Định"))

    REQUIRED_FIELDS = ["email", "full_name"]

    class Meta(AbstractUser.Meta):  # type: ignore[name-defined]
        verbose_name = pgettext_lazy("account", "user")
        verbose_name_plural = pgettext_lazy("account", "users")

    def __str__(self) -> str:
        return self.full_name or self.username

    def get_full_name(self) -> str:
        return self.full_name

    @cached_property
    def current_assignments(self) -> "list[AreaAssignment]":
        """The assignments that hold today. One query for each user object."""
        return self.assignments.on(clock.today()).with_limits()


class AreaAssignment(models.Model):
    """Somebody's duty in a province (or everywhere), from a day until a day, both included.

    `communes` limits an editor to the named communes; empty means all of the province.
    """

    user = models.ForeignKey(
        User, models.PROTECT, related_name="assignments", verbose_name=pgettext_lazy("account", "user")
    )
    duty = models.CharField(_("duty"), max_length=10, choices=Duty)
    province = models.ForeignKey(
        Province,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="assignments",
        verbose_name=_("province"),
        help_text=_("Empty: everywhere. An editor or signer needs a province."),
    )
    communes = models.ManyToManyField(
        Commune, blank=True, verbose_name=_("only these communes"), help_text=_("Empty: the whole province.")
    )
    since = models.DateField(_("from"))
    until = models.DateField(_("until"), null=True, blank=True)

    objects = AreaAssignmentQuerySet.as_manager()

    class Meta:
        ordering = ["user", "duty", "province", "since"]
        verbose_name = _("area assignment")
        verbose_name_plural = _("area assignments")
        constraints = [
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")),
                name="assignment_ends_after_it_begins",
                violation_error_message=_("The assignment cannot end before it begins."),
            ),
            models.CheckConstraint(
                condition=~Q(duty__in=["editor", "signer"]) | Q(province__isnull=False),
                name="committee_duty_has_a_province",
                violation_error_message=_("A committee editor or signer needs a province."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_duty_display()} {self.province or ''}".strip()

    def covers(self, commune: Commune) -> bool:
        """Whether the assignment reaches this commune."""
        if self.province_id is not None and self.province_id != commune.province_id:
            return False
        return not self.limited_to or commune.pk in self.limited_to

    @cached_property
    def limited_to(self) -> frozenset[int]:
        """The keys of the communes it is limited to; empty means the whole area. One query unless `with_limits`."""
        return frozenset(self.communes.values_list("pk", flat=True))

    def holds_on(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)
