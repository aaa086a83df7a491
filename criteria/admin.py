"""How administrators keep regions, groups and criteria sets. A published set is shown, never changed."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import ForeignKey, Model, QuerySet
from django.forms import BaseInlineFormSet, ModelChoiceField
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ntm_tracker.templatetags.look import quantity

from . import editions
from .models import CriteriaSet, Criterion, CriterionGroup, Expectation, Indicator, Region, Threshold

PUBLISHED_NOTE = _(
    "This criteria set is published and cannot be changed, because reports are judged by it. "
    "To change something, choose the set in the list of criteria sets and make a new edition of it."
)
SHOWN_GAPS = 10


class ReferenceAdmin(admin.ModelAdmin):
    """Rows that others point at: a code stays as it was given, and rows are deleted one at a time.

    Deleting one shows what hangs on it; Django refuses when that is history.
    """

    fixed_fields: tuple[str, ...] = ()
    list_per_page = 50

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), *(self.fixed_fields if obj else ())]


def list_link(model: type[Model], count: int, text: str, **filters: Any) -> SafeString:
    """A link to the administration's list of a model, filtered."""
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist", query=filters)
    return format_html('<a href="{}">{}</a>', url, text % {"count": count})


@admin.register(Region)
class RegionAdmin(ReferenceAdmin):
    list_display = ["code", "name_vi", "name_en", "short_vi", "short_en", "position"]
    search_fields = ["code", "name_vi", "name_en"]
    fixed_fields = ("code",)


@admin.register(CriterionGroup)
class CriterionGroupAdmin(ReferenceAdmin):
    list_display = ["code", "name_vi", "name_en", "short_vi", "short_en", "position"]
    search_fields = ["code", "name_vi", "name_en"]
    fixed_fields = ("code",)


class SetPartAdmin(ReferenceAdmin):
    """A part of a criteria set: read-only with the reason once the set is published."""

    def criterion_id(self, obj: Any) -> int:
        """The criterion the part belongs to, or is."""
        raise NotImplementedError

    def is_published(self, request: HttpRequest, obj: Model) -> bool:
        """One query a request, however many parts of a set are asked about."""
        if not hasattr(request, "published_criteria"):
            published = Criterion.objects.filter(criteria_set__published_at__isnull=False)
            request.published_criteria = set(published.values_list("pk", flat=True))  # type: ignore[attr-defined]
        return self.criterion_id(obj) in request.published_criteria  # type: ignore[attr-defined]

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or not self.is_published(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not self.is_published(request, obj))

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        if obj is None or not self.is_published(request, obj):
            return super().get_fieldsets(request, obj)
        return [(None, {"fields": self.get_fields(request, obj), "description": PUBLISHED_NOTE})]

    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField | None:
        """Offer and accept only what belongs to a set that is not published."""
        if lookup := UNPUBLISHED.get(db_field.remote_field.model):
            kwargs["queryset"] = db_field.remote_field.model._default_manager.filter(**{lookup: True})
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> "tuple[QuerySet[Any], bool]":
        """In the drop-down lists of other forms, only parts that can still be changed."""
        if request.resolver_match and request.resolver_match.url_name == "autocomplete":
            queryset = queryset.filter(**{UNPUBLISHED[self.model]: True})
        return super().get_search_results(request, queryset, search_term)


UNPUBLISHED: dict[type[Model], str] = {
    CriteriaSet: "published_at__isnull",
    Criterion: "criteria_set__published_at__isnull",
    Indicator: "criterion__criteria_set__published_at__isnull",
}


@admin.register(CriteriaSet)
class CriteriaSetAdmin(ReferenceAdmin):
    list_display = ["code", "name_vi", "legal_basis", "in_force_from", "published_at", "based_on"]
    list_select_related = ["based_on"]
    list_filter = [("published_at", admin.EmptyFieldListFilter)]
    search_fields = ["code", "name_vi", "name_en", "legal_basis"]
    readonly_fields = ["published_at", "based_on", "contents", "trial"]
    actions = ["new_edition", "publish"]

    def has_change_permission(self, request: HttpRequest, obj: CriteriaSet | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or not obj.is_published)

    def has_delete_permission(self, request: HttpRequest, obj: CriteriaSet | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or not obj.is_published)

    def get_fieldsets(self, request: HttpRequest, obj: CriteriaSet | None = None) -> Any:
        note = PUBLISHED_NOTE if obj and obj.is_published else None
        return [(None, {"fields": self.get_fields(request, obj), "description": note})]

    @admin.display(description=_("contents"))
    def contents(self, criteria_set: CriteriaSet) -> SafeString:
        """Links to the criteria and indicators of the set."""
        if not criteria_set.pk:
            return SafeString("-")
        criteria = criteria_set.criteria.count()
        indicators = Indicator.objects.filter(criterion__criteria_set=criteria_set, parent__isnull=True).count()
        return format_html(
            "{} · {}",
            list_link(
                Criterion,
                criteria,
                ngettext("%(count)s criterion", "%(count)s criteria", criteria),
                criteria_set__id__exact=criteria_set.pk,
            ),
            list_link(
                Indicator,
                indicators,
                ngettext("%(count)s indicator", "%(count)s indicators", indicators),
                criterion__criteria_set__id__exact=criteria_set.pk,
            ),
        )

    @admin.display(description=_("trial"))
    def trial(self, criteria_set: CriteriaSet) -> SafeString:
        """A link to what would change if the set held."""
        if not criteria_set.pk:
            return SafeString("-")
        url = reverse("reports:trial", args=[criteria_set.code])
        return format_html('<a href="{}">{}</a>', url, _("Try it on the last accepted values"))

    @admin.action(description=_("Make a new edition of the selected criteria sets"), permissions=["add"])
    def new_edition(self, request: HttpRequest, queryset: "QuerySet[CriteriaSet]") -> None:
        for base in queryset:
            edition = editions.make_edition(base)
            self.log_addition(request, edition, f"Copied from {base.code}.")
            message = gettext("The new edition %(code)s is a copy of %(base)s. Change it, then publish it.")
            self.message_user(request, message % {"code": edition.code, "base": base.code}, level=messages.SUCCESS)

    @admin.action(description=_("Publish the selected criteria sets"), permissions=["change"])
    def publish(self, request: HttpRequest, queryset: "QuerySet[CriteriaSet]") -> None:
        for criteria_set in queryset:
            try:
                editions.publish(criteria_set)
            except ValidationError as error:
                self.refuse(request, criteria_set, error.messages)
            else:
                self.log_change(request, criteria_set, "Published.")
                message = gettext("The criteria set %(code)s is published. New periods can be judged by it.")
                self.message_user(request, message % {"code": criteria_set.code}, level=messages.SUCCESS)

    def refuse(self, request: HttpRequest, criteria_set: CriteriaSet, reasons: list[str]) -> None:
        shown = reasons[:SHOWN_GAPS]
        if more := len(reasons) - len(shown):
            text = ngettext(
                "There is %(count)s more thing to put right.",
                "There are %(count)s more things to put right.",
                more,
            )
            shown.append(text % {"count": more})
        message = gettext("The criteria set %(code)s was not published.") % {"code": criteria_set.code}
        self.message_user(request, " ".join([message, *shown]), level=messages.ERROR)


@admin.register(Criterion)
class CriterionAdmin(SetPartAdmin):
    list_display = ["number", "name_vi", "name_en", "group", "sustainability_watch", "criteria_set"]
    list_display_links = ["number", "name_vi"]
    list_select_related = ["group", "criteria_set"]
    list_filter = ["criteria_set", "group", "sustainability_watch"]
    search_fields = ["=number", "name_vi", "name_en"]
    ordering = ["-criteria_set__in_force_from", "number"]
    readonly_fields = ["contents"]

    def criterion_id(self, obj: Criterion) -> int:
        return obj.pk

    @admin.display(description=_("indicators"))
    def contents(self, criterion: Criterion) -> SafeString:
        """A link to the indicators of the criterion."""
        if not criterion.pk:
            return SafeString("-")
        count = criterion.indicators.count()
        text = ngettext("%(count)s indicator", "%(count)s indicators", count)
        return list_link(Indicator, count, text, criterion__id__exact=criterion.pk)


class ThresholdFormSet(BaseInlineFormSet):
    """The thresholds of one indicator; two new ones for the same region, year and day are refused."""

    def clean(self) -> None:
        super().clean()
        seen = set()
        for form in self.forms:
            data = getattr(form, "cleaned_data", None)
            if not data or data.get("DELETE"):
                continue
            key = tuple(data.get(name) for name in ("region", "applies_from_year", "published_on"))
            if None not in key[1:] and key in seen:
                raise ValidationError(_("Two thresholds stand for the same region, year and day."))
            seen.add(key)


class ThresholdInline(admin.TabularInline):
    """Thresholds on the page of their indicator, under the same rule as there."""

    model = Threshold
    formset = ThresholdFormSet
    extra = 0
    fields = ["region", "comparator", "value", "published_on", "applies_from_year", "decision", "confidence"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Threshold]":
        return super().get_queryset(request).select_related("region", "indicator")

    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField | None:
        """Read the regions once and not once a row."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None and db_field.name == "region":
            field.choices = [*field.choices]  # type: ignore[misc]
        return field

    def may(self, request: HttpRequest, indicator: Indicator | None) -> bool:
        return indicator is None or not indicator.owner.is_published

    def has_add_permission(self, request: HttpRequest, obj: Indicator | None = None) -> bool:
        return super().has_add_permission(request, obj) and self.may(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Indicator | None = None) -> bool:
        return super().has_change_permission(request, obj) and self.may(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Indicator | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self.may(request, obj)


@admin.register(Indicator)
class IndicatorAdmin(SetPartAdmin):
    list_display = ["code", "name_vi", "name_en", "kind", "unit_vi", "criterion", "edition"]
    list_display_links = ["code", "name_vi"]
    list_filter = ["criterion__criteria_set", "criterion__group", "kind"]
    search_fields = ["code", "name_vi", "name_en", "criterion__name_vi", "criterion__name_en"]
    ordering = ["-criterion__criteria_set__in_force_from", "criterion__number", "position"]
    autocomplete_fields = ["criterion", "parent"]
    inlines = [ThresholdInline]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Indicator]":
        return super().get_queryset(request).select_related("criterion__criteria_set", "parent")

    def criterion_id(self, obj: Indicator) -> int:
        return obj.criterion_id

    @admin.display(description=_("criteria set"), ordering="criterion__criteria_set")
    def edition(self, indicator: Indicator) -> str:
        return indicator.owner.code


@admin.register(Threshold)
class ThresholdAdmin(SetPartAdmin):
    list_display = [
        "indicator",
        "region",
        "level",
        "published_on",
        "applies_from_year",
        "decision",
        "confidence",
        "edition",
    ]
    list_filter = ["indicator__criterion__criteria_set", "region", "confidence", "decision", "applies_from_year"]
    search_fields = ["=indicator__code", "indicator__name_vi", "indicator__name_en", "decision"]
    ordering = [
        "-indicator__criterion__criteria_set__in_force_from",
        "indicator__criterion__number",
        "indicator__position",
        "applies_from_year",
        "region__position",
    ]
    autocomplete_fields = ["indicator"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Threshold]":
        return super().get_queryset(request).select_related("indicator__criterion__criteria_set", "region")

    def criterion_id(self, obj: Threshold) -> int:
        return obj.indicator.criterion_id

    @admin.display(description=_("threshold"))
    def level(self, threshold: Threshold) -> str:
        number = quantity(threshold.value, threshold.indicator.unit)
        return f"{threshold.get_comparator_display()} {number}".strip()

    @admin.display(description=_("criteria set"), ordering="indicator__criterion__criteria_set")
    def edition(self, threshold: Threshold) -> str:
        return threshold.owner.code


@admin.register(Expectation)
class ExpectationAdmin(ReferenceAdmin):
    """What is usual for an indicator: no part of the edition, so it changes also when the set is published."""

    list_display = ["indicator", "usual_change", "unit", "evidence_vi", "evidence_en", "edition"]
    list_editable = ["usual_change"]
    list_filter = ["indicator__criterion__criteria_set", "indicator__kind"]
    search_fields = ["=indicator__code", "indicator__name_vi", "indicator__name_en", "evidence_vi", "evidence_en"]
    ordering = [
        "-indicator__criterion__criteria_set__in_force_from",
        "indicator__criterion__number",
        "indicator__position",
    ]
    fixed_fields = ("indicator",)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Expectation]":
        return super().get_queryset(request).select_related("indicator__criterion__criteria_set")

    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField | None:
        """Offer the indicators for which nothing is set yet."""
        if db_field.name == "indicator":
            free = Indicator.objects.filter(expectation__isnull=True)
            kwargs["queryset"] = free.select_related("criterion__criteria_set")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description=_("unit"))
    def unit(self, expectation: Expectation) -> str:
        return expectation.indicator.unit

    @admin.display(description=_("criteria set"), ordering="indicator__criterion__criteria_set")
    def edition(self, expectation: Expectation) -> str:
        return expectation.indicator.owner.code
