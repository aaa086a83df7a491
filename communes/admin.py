"""How administrators keep provinces, communes, the programme and people with their areas."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from criteria.admin import ReferenceAdmin, list_link
from ntm_tracker import clock

from .models import AreaAssignment, Commune, Membership, Programme, Province, Target, User
from .names import fold

HISTORY_NOTE = _("Entries are history and cannot be changed or deleted. To correct one, add a new one.")


class NameSearch(admin.ModelAdmin):
    """A search that also finds names spelt without diacritics, or with them elsewhere."""

    name_fields: tuple[str, ...] = ("name",)

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> "tuple[QuerySet[Any], bool]":
        """What Django finds, and every row with a name that is the same but for diacritics. One query more."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        if not (term := fold(search_term)):
            return found, may_repeat
        rows = queryset.order_by().values_list("pk", *self.name_fields)
        alike = [pk for pk, *names in rows if any(term in fold(name) for name in names)]
        return found | queryset.filter(pk__in=alike), may_repeat


@admin.register(Province)
class ProvinceAdmin(NameSearch, ReferenceAdmin):
    list_display = ["code", "name", "region"]
    list_display_links = ["code", "name"]
    list_select_related = ["region"]
    list_filter = ["region"]
    search_fields = ["code", "name"]
    fixed_fields = ("code",)


@admin.register(Commune)
class CommuneAdmin(NameSearch, ReferenceAdmin):
    name_fields = ("name", "district")
    list_display = ["name", "district", "province", "code", "code_list", "valid_to"]
    list_filter = ["province__region", "code_list", "province"]
    search_fields = ["name", "code", "district", "province__name"]
    autocomplete_fields = ["province"]
    fixed_fields = ("code_list", "code")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Commune]":
        return super().get_queryset(request).select_related("province")


class AddOnly:
    """What is stated once and never changed: no form, no deletion."""

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class HistoryAdmin(AddOnly, ReferenceAdmin):
    """A list of such statements."""

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return [(None, {"fields": self.get_fields(request, obj), "description": HISTORY_NOTE})]


@admin.register(Membership)
class MembershipAdmin(HistoryAdmin):
    list_display = ["commune", "province", "programme", "since", "is_member", "source"]
    list_filter = ["programme", "is_member", "commune__province__region"]
    search_fields = ["commune__name", "commune__code", "commune__province__name", "source"]
    ordering = ["programme", "commune__province__code", "commune__name", "since"]
    autocomplete_fields = ["programme", "commune"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Membership]":
        return super().get_queryset(request).select_related("commune__province", "programme")

    @admin.display(description=_("province"), ordering="commune__province__code")
    def province(self, membership: Membership) -> str:
        return membership.commune.province.name


@admin.register(Target)
class TargetAdmin(HistoryAdmin):
    list_display = ["programme", "due_on", "required", "stated_on", "source"]
    list_display_links = ["due_on"]
    list_select_related = ["programme"]
    list_filter = ["programme"]
    search_fields = ["source", "programme__name_vi", "programme__name_en"]
    autocomplete_fields = ["programme"]


class MembershipInline(AddOnly, admin.TabularInline):
    """Room for a new statement; the ones there are have a list of their own, long for a whole country."""

    model = Membership
    extra = 1
    verbose_name_plural = _("new memberships")
    autocomplete_fields = ["commune"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Membership]":
        return super().get_queryset(request).none()


class TargetInline(AddOnly, admin.TabularInline):
    model = Target
    extra = 1


@admin.register(Programme)
class ProgrammeAdmin(ReferenceAdmin):
    list_display = ["code", "name_vi", "name_en", "source", "baseline_on"]
    list_display_links = ["code", "name_vi"]
    search_fields = ["code", "name_vi", "name_en", "source"]
    readonly_fields = ["followed"]
    fixed_fields = ("code",)
    inlines = [TargetInline, MembershipInline]

    @admin.display(description=_("communes followed today"))
    def followed(self, programme: Programme) -> SafeString:
        """How many, and a link to the statements they follow from."""
        if not programme.pk:
            return SafeString("-")
        count = Commune.objects.members(programme, clock.today()).count()
        text = ngettext("%(count)s commune", "%(count)s communes", count)
        return list_link(Membership, count, text, programme__id__exact=programme.pk)


class AreaAssignmentForm(forms.ModelForm):
    class Meta:
        model = AreaAssignment
        fields = ["user", "duty", "province", "communes", "since", "until"]

    def clean(self) -> dict[str, Any] | None:
        """The communes an assignment is limited to lie in its province."""
        data = super().clean() or self.cleaned_data
        province, communes = data.get("province"), data.get("communes")
        if communes and any(commune.province_id != (province and province.pk) for commune in communes):
            raise ValidationError({"communes": _("These communes do not all lie in the province chosen above.")})
        return data


class AreaAssignmentInline(admin.TabularInline):
    model = AreaAssignment
    form = AreaAssignmentForm
    extra = 0
    autocomplete_fields = ["province", "communes"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[AreaAssignment]":
        return super().get_queryset(request).select_related("province")


@admin.register(AreaAssignment)
class AreaAssignmentAdmin(ReferenceAdmin):
    form = AreaAssignmentForm
    list_display = ["user", "duty", "province", "since", "until"]
    list_filter = ["duty", "province"]
    search_fields = ["user__username", "user__full_name", "province__name"]
    autocomplete_fields = ["user", "province", "communes"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[AreaAssignment]":
        return super().get_queryset(request).select_related("user", "province")


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """Accounts. Who has signed in once is deactivated, not deleted; only superusers change superusers."""

    list_display = ["username", "full_name", "position", "body", "duties", "is_active", "is_staff"]
    list_display_links = ["username", "full_name"]
    list_filter = ["is_active", "is_staff", "groups", "assignments__duty", "assignments__province"]
    list_per_page = 50
    search_fields = ["username", "full_name", "email", "position", "body"]
    ordering = ["username"]
    readonly_fields = ["last_login", "date_joined"]
    inlines = [AreaAssignmentInline]
    superuser_fields = ("is_superuser", "user_permissions")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("full_name", "position", "body", "email")}),
        (
            _("Administration"),
            {
                "fields": ("is_active", "is_staff", "groups"),
                "description": _(
                    "What somebody may do with reports follows from the area assignments below. An "
                    "administrator is staff and in the group “administrator”."
                ),
            },
        ),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "usable_password", "password1", "password2")}),
        (_("Person"), {"fields": ("full_name", "position", "body", "email")}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or not request.user.is_superuser:
            return fieldsets
        return [*fieldsets, (_("Superusers"), {"fields": self.superuser_fields})]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    def get_queryset(self, request: HttpRequest) -> "QuerySet[User]":
        return super().get_queryset(request).prefetch_related("assignments__province")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or not obj.is_superuser or bool(request.user.is_superuser))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or obj.last_login is None) and self.has_change_permission(request, obj)

    @admin.display(description=_("duties today"))
    def duties(self, user: User) -> str:
        today = clock.today()
        return ", ".join(str(duty) for duty in user.assignments.all() if duty.holds_on(today))
