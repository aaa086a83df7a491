"""How administrators keep periods and limits. What is reported is not here: nobody changes it outside the workflow."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import ForeignKey, Model, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from criteria.admin import ReferenceAdmin
from criteria.models import CriteriaSet
from ntm_tracker.fields import NumberField
from ntm_tracker.http import UserRequest

from . import workflow
from .models import Period, ReviewLimits


class PeriodForm(forms.ModelForm):
    class Meta:
        model = Period
        fields = ["year", "quarter", "opens_on", "due_on", "freeze_on", "criteria_set"]

    def clean(self) -> dict[str, Any] | None:
        """Check the order of the dates also when an opened period shows some of them as text only."""
        data = super().clean() or self.cleaned_data
        due_on, freeze_on = data.get("due_on", self.instance.due_on), data.get("freeze_on")
        if "due_on" not in self.fields and freeze_on and freeze_on < due_on:
            raise ValidationError({"freeze_on": _("The period cannot freeze before reports are due.")})
        return data


@admin.register(Period)
class PeriodAdmin(ReferenceAdmin):
    form = PeriodForm
    list_display = ["period", "opens_on", "due_on", "freeze_on", "criteria_set", "opened_at"]
    list_select_related = ["criteria_set"]
    list_filter = ["year", "criteria_set", ("opened_at", admin.EmptyFieldListFilter)]
    search_fields = ["=year"]
    ordering = ["-year", "-quarter"]
    readonly_fields = ["opened_at"]
    actions = ["open_period"]
    opened_fields = ("year", "quarter", "opens_on", "due_on", "criteria_set")

    @admin.display(description=_("period"), ordering="year")
    def period(self, period: Period) -> str:
        return str(period)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        opened = isinstance(obj, Period) and obj.opened_at is not None
        return [*super().get_readonly_fields(request, obj), *(self.opened_fields if opened else ())]

    def get_fieldsets(self, request: HttpRequest, obj: Period | None = None) -> Any:
        note = None
        if obj and obj.opened_at:
            note = _(
                "This period is open: communes have the duty to report for it. Its dates stay as they were "
                "announced; the lead gives a commune more time on the page of its report."
            )
        return [(None, {"fields": self.get_fields(request, obj), "description": note})]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The quarter after the newest one, with the same days of the calendar."""
        newest = Period.objects.order_by("year", "quarter").last()
        initial = following(newest) if newest else {}
        return initial | super().get_changeform_initial_data(request)

    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField | None:
        """A period is judged by a set that can no longer change."""
        if db_field.name == "criteria_set":
            kwargs["queryset"] = CriteriaSet.objects.filter(published_at__isnull=False)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.action(description=_("Open the selected periods"), permissions=["change"])
    def open_period(self, request: UserRequest, queryset: "QuerySet[Period]") -> None:
        for period in queryset.order_by("year", "quarter"):
            try:
                count = workflow.open_period(period, by=request.user)
            except workflow.Refused as refused:
                self.message_user(request, f"{period}: {refused}", level=messages.ERROR)
                continue
            self.log_change(request, period, f"Opened for {count} communes.")
            message = ngettext(
                "%(period)s is open: %(count)s commune more has the duty to report.",
                "%(period)s is open: %(count)s communes more have the duty to report.",
                count,
            )
            self.message_user(request, message % {"period": period, "count": count}, level=messages.SUCCESS)


class ReviewLimitsForm(forms.ModelForm):
    thin_part = NumberField(
        label=ReviewLimits._meta.get_field("thin_part").verbose_name,
        help_text=ReviewLimits._meta.get_field("thin_part").help_text,
        min_value=0,
        max_digits=4,
        decimal_places=2,
    )

    class Meta:
        model = ReviewLimits
        fields = ["thin_part", "worse_quarters", "kept_quarters", "take_up_days", "decide_days", "respond_days"]


@admin.register(ReviewLimits)
class ReviewLimitsAdmin(ReferenceAdmin):
    """The one row of limits. What was verified by other limits stays as it is."""

    form = ReviewLimitsForm
    fieldsets = [
        (_("What is met counts as fragile"), {"fields": ["thin_part", "worse_quarters", "kept_quarters"]}),
        (_("Days in which the ministry means to act"), {"fields": ["take_up_days", "decide_days", "respond_days"]}),
    ]
    list_display = ["__str__", "thin_part", "worse_quarters", "kept_quarters", "take_up_days", "decide_days"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not ReviewLimits.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: ReviewLimits, form: Any, change: bool) -> None:
        """One row at most, whatever number the database would give it."""
        obj.pk = 1
        super().save_model(request, obj, form, change)


def following(period: Period) -> dict[str, Any]:
    """The quarter after this one: opens on the 15th of its last month, due on the 5th after it, then a quarter."""
    year, quarter = (period.year, period.quarter + 1) if period.quarter < 4 else (period.year + 1, 1)
    coming = Period(year=year, quarter=quarter)
    after = coming.last_day + timedelta(days=1)
    later = Period(year=after.year, quarter=after.month // 3 + 1)
    return {
        "year": year,
        "quarter": quarter,
        "opens_on": date(year, quarter * 3, 15),
        "due_on": after.replace(day=5),
        "freeze_on": later.last_day,
        "criteria_set": period.criteria_set_id,
    }
