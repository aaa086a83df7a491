"""What the committee answers to the reviewer: all open items on one page, saved together.

The fields are called item5-reply, item5-done and item5-reply_version. An answer is saved whole or not at all; one
that is not saved, because it is wrong or because somebody else answered meanwhile, stays on the page as typed.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from communes.models import User
from reports import entry
from reports.forms.review import Remark
from reports.forms.steps import LONGEST
from reports.models import ReportVersion, ReviewItem


class ReplyForm(forms.Form):
    """The committee's answer to one item."""

    use_required_attribute = False

    reply = Remark(label=gettext_lazy("Your answer"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 3}))
    done = forms.BooleanField(required=False)

    def __init__(self, data: Any = None, *, item: ReviewItem) -> None:
        self.item = item
        self.clash: ReviewItem | None = None
        super().__init__(data, prefix=f"item{item.pk}", initial={"reply": item.reply, "done": item.done})
        self.fields["done"].label = item.done_label

    def clean(self) -> dict[str, Any]:
        """Only what is answered can be done."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("done") and "reply" in cleaned and not cleaned["reply"].strip():
            self.add_error("reply", _("Please write an answer."))
        return cleaned

    @property
    def loaded(self) -> int:
        """The state of the answer that the page was made from; anything odd counts as none."""
        text = str(self.data.get(self.add_prefix("reply_version"), "")) if self.is_bound else ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

    @property
    def reply_version(self) -> int:
        """What the page sends along: who has seen another's answer may replace it."""
        if self.clash:
            return self.clash.reply_version
        return self.loaded if self.is_bound else self.item.reply_version

    @property
    def is_wrong(self) -> bool:
        return bool(self.errors or self.clash)

    def as_reply(self) -> entry.Reply:
        """What the valid form wants to answer."""
        return entry.Reply(self.item, self.loaded, self.cleaned_data["reply"], self.cleaned_data["done"])


class Replies:
    """The answers typed on one page."""

    def __init__(self, items: Iterable[ReviewItem], data: QueryDict) -> None:
        """Items that the page did not have, and one whose stored answer is taken, are left alone."""
        forms_ = (ReplyForm(data, item=item) for item in items)
        taken = data.get("take", "")
        self.forms = [form for form in forms_ if form.add_prefix("reply") in data and form.prefix != taken]
        self.written = 0

    def save(self, version: ReportVersion, *, by: User) -> bool:
        """Write the answers that are right; whether all of them were. Raises as `entry.save_replies` does."""
        valid = {form.item.pk: form for form in self.forms if form.is_valid()}
        answered = entry.save_replies(version, [form.as_reply() for form in valid.values()], by=by)
        self.written = answered.written
        for reply, stored in answered.conflicts:
            valid[reply.item.pk].clash = stored
        return not self.wrong

    @property
    def wrong(self) -> list[ReplyForm]:
        """The answers that are not saved."""
        return [form for form in self.forms if form.is_wrong]

    @property
    def errors(self) -> list[tuple[str, str]]:
        """Why they are not, each with its place on the page."""
        found = []
        for form in self.wrong:
            place = f"#item{form.item.pk}"
            if form.clash:
                text = _("“%(item)s”: somebody else answered meanwhile. Compare both answers, then save again.")
                found.append((place, text % {"item": form.item.text}))
            found += [(place, str(error)) for errors in form.errors.values() for error in errors]
        return found


def with_forms(items: Sequence[ReviewItem], replies: Replies | None = None) -> Sequence[ReviewItem]:
    """The items, each with its `form`: as stored, or as typed where that is not saved."""
    typed = {form.item.pk: form for form in replies.wrong} if replies else {}
    for item in items:
        item.form = typed.get(item.pk) or ReplyForm(item=item)  # type: ignore[attr-defined]
    return items
