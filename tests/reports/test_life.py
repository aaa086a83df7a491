"""Does a report live as the table says, whatever anybody tries? Random people do random things for months.

Everything they try is predicted by a small model of the workflow that shares nothing with the code: whether it is
done, refused because something is missing, or not allowed. What must always hold is asked after every attempt. A
failure is shrunk by Hypothesis to the shortest story that still shows it.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar, TypeVar

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from communes.models import Commune, Duty, Membership, Programme, Province, User
from criteria.models import CriteriaSet, Criterion, CriterionGroup, Indicator, Region, Threshold
from ntm_tracker import clock
from reports import entry, workflow
from reports.models import Period, QuarterlyReport, ReportVersion, ReviewItem
from reports.standing import load_history
from reports.workflow import NotAllowed, Refused, StepData
from tests import factories
from tests.factories import moment

from .snapshot import everything

pytestmark = pytest.mark.django_db

LIVES, STEPS_EACH, AT_LEAST = 22, 115, 3000
"""How many stories are told, of how many steps each, and how many attempts they have to make together.

They are the same in every run; with more of them, or without `derandomize`, it looks further.
"""

HERE, ELSEWHERE = "Tỉnh A", "Tỉnh B"
DUTIES: dict[str, dict[Duty, set[str]]] = {
    "editor": {Duty.EDITOR: {HERE}},
    "signer": {Duty.SIGNER: {HERE}},
    "second signer": {Duty.SIGNER: {HERE}},
    "signer elsewhere": {Duty.SIGNER: {ELSEWHERE}},
    "reviewer": {Duty.REVIEWER: {HERE}},
    "second reviewer": {Duty.REVIEWER: {HERE, ELSEWHERE}},
    "lead": {Duty.LEAD: {HERE, ELSEWHERE}},
    "viewer": {Duty.VIEWER: {HERE, ELSEWHERE}},
}
INDICATORS = {"1.1": 1, "1.2": 1, "2": 2}
"""Which criterion each belongs to. All ask for at least 50, from the new year on 1.1 for at least 60."""
START, RAISED_ON = moment("2020-10-01"), date(2021, 1, 1)
NAMES = {"name_vi": "Một", "name_en": "One", "short_vi": "Một", "short_en": "One"}

ANSWERS: list[dict[str, Any]] = [
    {"value": Decimal(70)},
    {"value": Decimal(55)},
    {"value": Decimal(40)},
    {"absence": "no_data", "absence_reason": "Chưa điều tra"},
    {"absence": "not_considered", "absence_reason": "Không có trong quy hoạch"},
    {},
]
VERDICTS = ["met", "basic", "not_met", "not_considered", ""]
DONE, INCOMPLETE, FORBIDDEN = "done", "refused", "not allowed"
RESTORED, FROZEN, ASKED_AGAIN = "a former version official again", "stopped by the freeze", "an answer not enough"


# The model


@dataclass
class Item:
    """A point of the reviewer."""

    pk: int
    version: int
    must_fix: bool
    is_open: bool = True
    is_answered: bool = False


@dataclass
class Copy:
    """A version."""

    number: int
    state: str = "draft"
    is_correction: bool = False
    opened_by: str = ""
    holder: str = ""
    judged_on: date | None = None
    says_the_rest: bool = False
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    claims: dict[int, str] = field(default_factory=dict)
    computed: dict[int, str] = field(default_factory=dict)
    verified: dict[int, tuple[str, str]] = field(default_factory=dict)
    reviewed: set[int] = field(default_factory=set)

    @property
    def is_complete(self) -> bool:
        answered = all(self.values.get(code) for code in INDICATORS)
        return self.says_the_rest and answered and all(self.claims.get(number) for number in (1, 2))

    def judge(self, on: date) -> dict[int, str]:
        """The verdicts of the rule."""
        found: dict[int, list[str]] = {1: [], 2: []}
        for code, number in INDICATORS.items():
            answer = self.values[code]
            level = 60 if code == "1.1" and on >= RAISED_ON else 50
            met = "met" if answer.get("value", 0) >= level else "not_met"
            found[number].append(answer.get("absence", met))
        return {number: self._worst(verdicts) for number, verdicts in found.items()}

    def _worst(self, verdicts: list[str]) -> str:
        return next(v for v in ("no_data", "not_met", "met", "not_considered") if v in verdicts)


@dataclass
class Life:
    """A report with its versions; the last of the `official` ones is in force."""

    pk: int
    area: str
    due: date
    freeze: date
    copies: list[Copy] = field(default_factory=list)
    official: list[Copy] = field(default_factory=list)
    working: Copy | None = None
    items: list[Item] = field(default_factory=list)
    first_sent: datetime | None = None
    restored: int = 0
    asked_again: int = 0
    """How often a former version was official again, and how often an answer was not enough."""

    @property
    def at_hand(self) -> Copy:
        return self.working or self.official[-1]

    @property
    def open_items(self) -> list[Item]:
        return [item for item in self.items if item.is_open]

    def start(self, based_on: Copy | None = None, **known: Any) -> None:
        """A new draft with what the version before it said."""
        copy = Copy(len(self.copies) + 1, **known)
        if based_on:
            copy.values, copy.claims = dict(based_on.values), dict(based_on.claims)
            copy.says_the_rest = based_on.says_the_rest
        self.copies.append(copy)
        self.working = copy

    def are(self, who: str, *duties: Duty) -> bool:
        """Whether somebody holds one of these duties here."""
        return any(self.area in DUTIES[who].get(duty, ()) for duty in duties)

    def may(self, who: str, action: str, copy: Copy, today: date) -> bool:
        """Whether somebody may take a step on a version now."""
        signs, reviews, leads = (self.are(who, duty) for duty in (Duty.SIGNER, Duty.REVIEWER, Duty.LEAD))
        holds = reviews and copy.holder == who
        is_free = copy.state == "accepted" and self.working is None
        opened = copy.opened_by == who and (signs or reviews)
        return {
            "submit": copy.state == "draft" and signs,
            "withdraw": copy.state == "submitted" and signs,
            "take_up": copy.state == "submitted" and reviews,
            "return": (copy.state == "submitted" and reviews) or (copy.state == "in_review" and holds),
            "reassign": copy.state == "in_review" and (holds or leads),
            "accept": copy.state == "in_review" and holds,
            "undo_accept": is_free and leads,
            "open_correction": is_free and (leads or (today <= self.freeze and (signs or reviews))),
            "cancel_correction": copy.state in ("draft", "submitted") and copy.is_correction and (leads or opened),
        }[action]

    def may_write(self, who: str) -> bool:
        return self.at_hand.state == "draft" and self.are(who, Duty.EDITOR, Duty.SIGNER)

    def may_verify(self, who: str) -> bool:
        return self.at_hand.state == "in_review" and self.at_hand.holder == who and self.are(who, Duty.REVIEWER)

    def could_review(self, who: str) -> bool:
        """Whether it is with the reviewers, of whom somebody is one; another may hold it."""
        return self.at_hand.state in ("submitted", "in_review") and self.are(who, Duty.REVIEWER)

    def may_raise(self, who: str) -> bool:
        return self.may(who, "return", self.at_hand, date.min)

    def is_ready(self, action: str, copy: Copy, asked: "Asked") -> bool:
        """Whether nothing is missing for the step."""
        if action == "submit":
            return asked.is_signed and copy.is_complete and all(item.is_answered for item in self.open_items)
        if action == "return":
            asks = any(item.version == copy.number for item in self.open_items)
            return asked.has_reason and asked.respond_in is not None and asked.respond_in >= 0 and asks
        if action == "accept":
            reasoned = all(
                verdict and (verdict == copy.computed[number] or reason)
                for number, (verdict, reason) in copy.verified.items()
            )
            return reasoned and not any(item.must_fix for item in self.open_items)
        if action == "reassign":
            return asked.has_reason and asked.to != copy.holder and self.are(asked.to, Duty.REVIEWER)
        return asked.has_reason or action in ("withdraw", "take_up")

    def take(self, who: str, action: str, copy: Copy, asked: "Asked", now: datetime) -> None:
        """What the step does."""
        if action == "submit":
            copy.state, copy.judged_on = "submitted", clock.local_date(now)
            copy.computed = copy.judge(copy.judged_on)
            self.first_sent = self.first_sent or now
        elif action == "withdraw":
            copy.state, copy.judged_on, copy.computed = "draft", None, {}
        elif action == "take_up":
            copy.state, copy.holder = "in_review", who
            copy.verified = {number: (verdict, "") for number, verdict in copy.computed.items()}
        elif action == "reassign":
            copy.holder = asked.to
        elif action == "return":
            copy.state, copy.holder = "returned", copy.holder or who
            for item in self.open_items:
                self.asked_again += item.is_answered
                item.is_answered = False
            self.start(copy, is_correction=copy.is_correction, opened_by=copy.opened_by)
        elif action == "accept":
            if self.official:
                self.official[-1].state = "superseded"
            copy.state, self.working = "accepted", None
            self.official.append(copy)
        elif action == "undo_accept":
            self.restored += len(self.official) > 1
            self.official.pop()
            copy.state, self.working = "in_review", copy
            if self.official:
                self.official[-1].state = "accepted"
        elif action == "open_correction":
            self.start(copy, is_correction=True, opened_by=who)
        elif action == "cancel_correction":
            copy.state, self.working = "discarded", None
            for item in self.open_items:
                item.is_open = False


ACTIONS = [
    "submit",
    "withdraw",
    "take_up",
    "return",
    "reassign",
    "accept",
    "undo_accept",
    "open_correction",
    "cancel_correction",
]


OFTEN = {
    Duty.SIGNER: ["submit", "open_correction"],
    Duty.REVIEWER: ["take_up", "take_up", "accept", "accept", "accept", "return"],
    Duty.LEAD: ["undo_accept"],
}
"""The steps that are taken more often than the others, so that corrections are accepted too, and undone."""


FORWARD = {"draft": "submit", "submitted": "take_up", "in_review": "accept", "accepted": "open_correction"}


@dataclass(frozen=True)
class Asked:
    """What somebody adds to a step."""

    has_reason: bool = True
    is_signed: bool = True
    respond_in: int | None = 7
    to: str = "second reviewer"


# The world: two communes, two quarters, two criteria


@dataclass
class World:
    """What every story starts from."""

    programme: Programme
    people: dict[str, User]
    names: dict[int | None, str]
    indicators: dict[str, Indicator]
    criteria: dict[int, Criterion]
    reports: list[QuarterlyReport]


def make_world() -> World:
    """Years after the reference data end, so that nothing but this small programme has to report.

    One of the quarters is frozen from the start, the other freezes on the way.
    """
    factories.reference()
    for member in Membership.objects.all():
        Membership.objects.create(
            programme=member.programme, commune=member.commune, since=date(2019, 1, 1), is_member=False, source="CV"
        )
    edition, indicators, criteria = make_criteria()
    programme = Programme.objects.create(
        code="small", name_vi="Nhỏ", name_en="Small", source="CV", baseline_on=date(2011, 12, 31)
    )
    region = Region.objects.create(code="small", position=99, **NAMES)
    provinces = {
        name: Province.objects.create(code=code, name=name, region=region)
        for code, name in (("X1", HERE), ("X2", ELSEWHERE))
    }
    for province in provinces.values():
        commune = Commune.objects.create(code=province.code, name="Xã", district="Huyện", province=province)
        Membership.objects.create(programme=programme, commune=commune, since=date(2019, 1, 1), source="CV")
    people = {name: factories.make_user(username=name.replace(" ", "-")) for name in DUTIES}
    for name, duties in DUTIES.items():
        for duty, areas in duties.items():
            for area in areas:
                people[name].assignments.create(duty=duty, province=provinces[area], since=date(2019, 1, 1))
    for quarter, due in ((2, date(2020, 7, 15)), (4, date(2021, 1, 15))):
        opens_on, freeze_on = due - timedelta(days=15), due + timedelta(days=45)
        period = Period.objects.create(
            year=2020, quarter=quarter, opens_on=opens_on, due_on=due, freeze_on=freeze_on, criteria_set=edition
        )
        with clock.at(START):
            workflow.open_period(period)
    reports = QuarterlyReport.objects.filter(commune__province__in=provinces.values())
    by_pk: dict[int | None, str] = {user.pk: name for name, user in people.items()}
    return World(
        programme,
        people,
        by_pk | {None: ""},
        indicators,
        criteria,
        list(reports.select_related("commune__province", "period").order_by("pk")),
    )


def make_criteria() -> tuple[CriteriaSet, dict[str, Indicator], dict[int, Criterion]]:
    """A published edition of two criteria with three indicators, and a threshold that is raised meanwhile."""
    edition = CriteriaSet.objects.create(
        code="small", name_vi="Nhỏ", name_en="Small", legal_basis="QĐ", in_force_from=date(2019, 1, 1)
    )
    group = CriterionGroup.objects.all()[0]
    criteria = {n: Criterion.objects.create(criteria_set=edition, group=group, number=n, **NAMES) for n in (1, 2)}
    indicators = {
        code: Indicator.objects.create(
            criterion=criteria[number], code=code, position=1, kind="percent", name_vi="Một", name_en="One"
        )
        for code, number in INDICATORS.items()
    }
    known = {"comparator": ">=", "applies_from_year": 2019, "decision": "QĐ", "confidence": "high"}
    for indicator in indicators.values():
        Threshold.objects.create(indicator=indicator, value=50, published_on=date(2019, 1, 1), **known)
    Threshold.objects.create(indicator=indicators["1.1"], value=60, published_on=RAISED_ON, **known)
    CriteriaSet.objects.filter(pk=edition.pk).update(published_at=moment("2019-01-01"))
    return edition, indicators, criteria


# What is tried


def one_of(n: int) -> st.SearchStrategy[int]:
    return st.integers(min_value=0, max_value=n - 1)


PICKS = 24
picks = one_of(PICKS)
mostly = st.sampled_from([True, True, True, False])
chances = one_of(96)
"""Which person tries something on which report: two times out of three one who may."""


MOVES: list[st.SearchStrategy[Any]] = []
"""What can happen: the name of a method of `Lives`, and its arguments."""

Method = TypeVar("Method", bound=Callable[..., None])


def move(weight: int = 1, **arguments: st.SearchStrategy[Any]) -> Callable[[Method], Method]:
    """It happens as often as the weight says. As a rule of its own, half of the stories would go without it."""

    def register(method: Method) -> Method:
        MOVES.extend(st.tuples(st.just(method.__name__), st.fixed_dictionaries(arguments)) for _each in range(weight))
        return method

    return register


class Lives(RuleBasedStateMachine):
    """Four reports of two communes in a world that everybody acts upon, and the model of each."""

    world: ClassVar[World]
    attempts: ClassVar[Counter[str]]
    taken: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.rolled_back = ExitStack()
        self.rolled_back.enter_context(transaction.atomic())
        self.now = START
        self.lives = [
            Life(report.pk, report.commune.province.name, report.period.due_on, report.period.freeze_on)
            for report in self.world.reports
        ]
        for life in self.lives:
            life.start()
        self.stored = everything()
        self.past: dict[date, dict[str, Any]] = {}

    def teardown(self) -> None:
        self.taken[RESTORED] += sum(life.restored for life in self.lives)
        self.taken[ASKED_AGAIN] += sum(life.asked_again for life in self.lives)
        try:
            for day in list(self.past)[-3:]:
                assert self.picture(day) == self.past[day], day
        finally:
            transaction.set_rollback(True)
            self.rolled_back.close()

    def chosen(self, chance: int, may: Callable[[Life, str], bool]) -> tuple[Life, str]:
        """A report and somebody to try something on it."""
        everybody = [(life, who) for life in self.lives for who in DUTIES]
        found = [pair for pair in everybody if chance % 3 and may(*pair)] or everybody
        return found[chance // 3 % len(found)]

    @rule(what=st.deferred(lambda: st.one_of(MOVES)))
    def next(self, what: tuple[str, dict[str, Any]]) -> None:
        name, arguments = what
        getattr(self, name)(**arguments)

    # Steps

    @move(2, kind=picks, pick=picks, prepared=mostly)
    def the_committee_goes_on(self, kind: int, pick: int, prepared: bool) -> None:
        self.go_on(Duty.SIGNER, kind, pick, prepared)

    @move(3, kind=picks, pick=picks, prepared=mostly)
    def a_reviewer_goes_on(self, kind: int, pick: int, prepared: bool) -> None:
        self.go_on(Duty.REVIEWER, kind, pick, prepared)

    @move(2, kind=picks, pick=picks)
    def the_lead_steps_in(self, kind: int, pick: int) -> None:
        self.go_on(Duty.LEAD, kind, pick, True)

    @move(pick=picks, returned=st.lists(st.sampled_from([False, False, True]), max_size=10))
    def a_report_goes_far(self, pick: int, returned: list[bool]) -> None:
        """It is sent, accepted, corrected and accepted again, or returned and sent again."""
        life, today = self.lives[pick % len(self.lives)], clock.local_date(self.now)
        for is_returned in returned:
            action = "return" if is_returned and life.at_hand.state == "in_review" else FORWARD[life.at_hand.state]
            who = next(who for who in DUTIES if life.may(who, action, life.at_hand, today))
            self.prepare(life, action, who)
            self.step(life, life.at_hand, action, who, Asked())

    def go_on(self, duty: Duty, kind: int, pick: int, prepared: bool) -> None:
        """Take one of the steps that somebody with this duty may take now, mostly on a report that has come far."""
        today = clock.local_date(self.now)
        possible: dict[str, list[tuple[Life, str]]] = {}
        for life in self.lives:
            for who in DUTIES:
                for action in ACTIONS:
                    if life.are(who, duty) and life.may(who, action, life.at_hand, today):
                        possible.setdefault(action, []).append((life, who))
        if not possible:
            return
        often = [action for action in OFTEN[duty] if action in possible]
        actions = often if often and kind % 4 else sorted(possible)
        action = actions[kind // 4 % len(actions)]
        furthest = sorted(possible[action], key=lambda found: -len(found[0].official))
        life, who = furthest[pick * pick // PICKS * len(furthest) // PICKS]
        reviewers = [name for name in DUTIES if life.are(name, Duty.REVIEWER) and name != life.at_hand.holder]
        if prepared:
            self.prepare(life, action, who)
        self.step(life, life.at_hand, action, who, Asked(to=reviewers[0] if reviewers else "lead"))

    @move(
        5,
        chance=chances,
        number=picks,
        action=st.sampled_from(ACTIONS),
        asked=st.builds(
            Asked, st.booleans(), st.booleans(), st.sampled_from([7, 0, -1, None]), st.sampled_from(list(DUTIES))
        ),
    )
    def somebody_tries_any_step(self, chance: int, number: int, action: str, asked: Asked) -> None:
        """Mostly where somebody else could, but for the freeze; on the version at hand, or on an older one."""

        def is_possible(life: Life, who: str) -> bool:
            return any(life.may(other, action, life.at_hand, date.min) for other in DUTIES)

        life, who = self.chosen(chance, is_possible)
        copies = [*life.copies, *[life.at_hand] * 6]
        self.step(life, copies[-1 - number % len(copies)], action, who, asked)

    @move(chance=chances)
    def somebody_wants_a_correction(self, chance: int) -> None:
        """Of an accepted report, in time or after the freeze."""
        is_free = {life.pk: life.at_hand.state == "accepted" for life in self.lives}
        either = (Duty.SIGNER, Duty.REVIEWER)
        life, who = self.chosen(chance, lambda life, who: is_free[life.pk] and life.are(who, *either))
        self.step(life, life.at_hand, "open_correction", who, Asked())

    def prepare(self, life: Life, action: str, who: str) -> None:
        """Do what the step needs, by those who may."""
        committee = next(name for name in DUTIES if life.are(name, Duty.SIGNER))
        if action == "submit":
            self.fill_in(life, committee)
            for item in life.open_items:
                self.reply(life, item, committee)
        if action == "return" and not any(item.version == life.at_hand.number for item in life.open_items):
            self.raise_item(life, who, ReviewItem.Kind.MUST_FIX)
        if action == "accept":
            for item in life.open_items:
                self.resolve(life, item, who)
            for number in (1, 2):
                self.review(life, who, number, "met", "Đã kiểm tra")

    def step(self, life: Life, copy: Copy, action: str, who: str, asked: Asked) -> None:
        user = self.world.people[who]
        with clock.at(self.now):
            version = self.version(life, copy)
            today = clock.today()
            respond_in = asked.respond_in
            data = StepData(
                reason="Vì một lý do." if asked.has_reason else " ",
                to=self.world.people[asked.to],
                respond_by=None if respond_in is None else today + timedelta(days=respond_in),
                signer_name="Vũ Đình Thắng",
                letter_number="05/BC-BCĐ" if asked.is_signed else "",
                letter_date=today,
                revision=version.revision,
            )
            may = life.may(who, action, copy, today)
            self.taken[FROZEN] += not may and life.may(who, action, copy, date.min)
            assert (workflow.why_not(user, version, action) == "") is may
            for name, other in self.world.people.items():
                offered = {each for each in ACTIONS if life.may(name, each, copy, today)}
                assert workflow.steps_for(other, version).keys() == offered
        self.attempt(
            may,
            life.is_ready(action, copy, asked) if may else False,
            lambda: workflow.take_step(version, action, by=user, data=data),
            lambda: life.take(who, action, copy, asked, self.now),
            action,
        )

    # Writing

    def fill_in(self, life: Life, who: str) -> None:
        """Every indicator answered, every criterion claimed, nothing to report in the other sections."""
        copy = life.at_hand
        with clock.at(self.now):
            version = self.version(life, copy)
            values = dict(version.values.values_list("indicator_id", "row_version"))
            claims = dict(version.verdicts.values_list("criterion_id", "row_version"))
        answers = {code: copy.values.get(code) or ANSWERS[0] for code in INDICATORS}
        words = {number: copy.claims.get(number) or "met" for number in (1, 2)}
        indicators, criteria = self.world.indicators, self.world.criteria
        writes = entry.Writes(
            values=[
                entry.Write(indicators[code], values.get(indicators[code].pk, 0), answer)
                for code, answer in answers.items()
            ],
            claims=[
                entry.Write(criteria[number], claims.get(criteria[number].pk, 0), claim_of(word))
                for number, word in words.items()
            ],
            lines=[] if copy.says_the_rest else entry.nothing_to_report(),
            resources=[],
        )

        def take() -> None:
            copy.values, copy.claims, copy.says_the_rest = answers, words, True

        is_new = not copy.says_the_rest or (copy.values, copy.claims) != (answers, words)
        self.write(life, copy, who, writes, take, is_new)

    @move(chance=chances, code=st.sampled_from(list(INDICATORS)), answer=one_of(6), late=st.booleans())
    def somebody_writes_a_value(self, chance: int, code: str, answer: int, late: bool) -> None:
        """Late: from a page that was loaded when the row was still empty."""
        life, who = self.chosen(chance, Life.may_write)
        copy, indicator, content = life.at_hand, self.world.indicators[code], ANSWERS[answer]
        with clock.at(self.now):
            row = self.version(life, copy).values.filter(indicator=indicator).first()
        writes = entry.by_kind([entry.Write(indicator, 0 if late or row is None else row.row_version, content)])
        standing = copy.values.get(code, {})
        is_lost = late and standing and row is not None
        will_write = content != standing and not (is_lost and content != {}) and not (late and row and content == {})

        def take() -> None:
            copy.values[code] = content

        self.write(life, copy, who, writes, take if will_write else (lambda: None), will_write)

    @move(chance=chances, number=st.sampled_from([1, 2]), word=st.sampled_from(VERDICTS))
    def somebody_writes_a_claim(self, chance: int, number: int, word: str) -> None:
        life, who = self.chosen(chance, Life.may_write)
        copy, criterion = life.at_hand, self.world.criteria[number]
        with clock.at(self.now):
            row = self.version(life, copy).verdicts.filter(criterion=criterion).first()
        writes = entry.by_kind([entry.Write(criterion, row.row_version if row else 0, claim_of(word))])

        def take() -> None:
            copy.claims[number] = word

        self.write(life, copy, who, writes, take, word != copy.claims.get(number, ""))

    def write(
        self, life: Life, copy: Copy, who: str, writes: entry.Writes, take: Callable[[], None], will_write: bool
    ) -> None:
        version, user = self.version(life, copy), self.world.people[who]
        call = partial(entry.save_rows, version, **writes, by=user)
        self.attempt(life.may_write(who), True, call, take, changes=will_write)

    # Reviewing

    @move(chance=chances, number=st.sampled_from([1, 2]), word=st.sampled_from(VERDICTS), why=st.booleans())
    def somebody_writes_a_verdict(self, chance: int, number: int, word: str, why: bool) -> None:
        life, who = self.chosen(chance, Life.could_review)
        self.review(life, who, number, word, "Đã kiểm tra" if why else "")

    def review(self, life: Life, who: str, number: int, word: str, reason: str) -> None:
        copy, criterion = life.at_hand, self.world.criteria[number]
        version, user = self.version(life, copy), self.world.people[who]
        row = version.verdicts.filter(criterion=criterion).first()
        content = {"verified": word, "verified_reason": reason, "fragile_reason": "Bền vững"}
        write = entry.Write(criterion, row.row_version if row else 0, content)

        def take() -> None:
            copy.verified[number] = word, reason
            copy.reviewed.add(number)

        will_write = number not in copy.reviewed or copy.verified[number] != (word, reason)
        call = partial(entry.save_review, version, [write], by=user)
        self.attempt(life.may_verify(who), True, call, take, changes=will_write)

    @move(chance=chances, kind=st.sampled_from([*ReviewItem.Kind]), text=st.sampled_from(["Vì sao?", "Vì sao?", " "]))
    def somebody_raises_an_item(self, chance: int, kind: ReviewItem.Kind, text: str) -> None:
        self.raise_item(*self.chosen(chance, Life.could_review), kind, text)

    def raise_item(self, life: Life, who: str, kind: ReviewItem.Kind, text: str = "Vì sao?") -> None:
        copy, user = life.at_hand, self.world.people[who]
        version = self.version(life, copy)
        raised: list[ReviewItem] = []
        self.attempt(
            life.may_raise(who),
            bool(text.strip()),
            lambda: raised.append(entry.raise_item(version, text=text, kind=kind, by=user)),
            lambda: life.items.append(Item(raised[0].pk, copy.number, kind == ReviewItem.Kind.MUST_FIX)),
        )

    @move(chance=chances, pick=picks, text=st.sampled_from(["Đã bổ sung.", "Đã bổ sung.", ""]))
    def somebody_replies(self, chance: int, pick: int, text: str) -> None:
        life, who = self.chosen(chance, lambda life, who: life.may_write(who) and bool(life.items))
        if life.items:
            self.reply(life, life.items[pick % len(life.items)], who, text)

    def reply(self, life: Life, item: Item, who: str, text: str = "Đã bổ sung.") -> None:
        copy, user = life.at_hand, self.world.people[who]
        version, stored = self.version(life, copy), ReviewItem.objects.get(pk=item.pk)
        will_write = not item.is_answered

        def take() -> None:
            item.is_answered = True

        self.attempt(
            life.may_write(who) or not text,
            bool(text) and item.is_open,
            lambda: entry.reply_to_item(version, stored, text, by=user),
            take,
            changes=will_write,
        )

    @move(chance=chances, pick=picks)
    def somebody_resolves_an_item(self, chance: int, pick: int) -> None:
        life, who = self.chosen(chance, lambda life, who: life.may_raise(who) and bool(life.items))
        if life.items:
            self.resolve(life, life.items[pick % len(life.items)], who)

    def resolve(self, life: Life, item: Item, who: str) -> None:
        copy, user = life.at_hand, self.world.people[who]
        version, stored = self.version(life, copy), ReviewItem.objects.get(pk=item.pk)
        was_open = item.is_open

        def take() -> None:
            item.is_open = False

        call = partial(entry.resolve_item, version, stored, by=user)
        self.attempt(life.may_raise(who), True, call, take, changes=was_open)

    # Time

    @move(chance=chances, days=st.integers(min_value=-3, max_value=20), why=st.sampled_from(["Mưa lũ", "Mưa lũ", " "]))
    def somebody_extends(self, chance: int, days: int, why: str) -> None:
        life, who = self.chosen(chance, lambda life, who: life.are(who, Duty.LEAD))
        user = self.world.people[who]
        report = QuarterlyReport.objects.get(pk=life.pk)
        new_due = life.due + timedelta(days=days)

        def take() -> None:
            life.due = new_due

        self.attempt(
            life.are(who, Duty.LEAD),
            life.first_sent is None and bool(why.strip()) and days > 0,
            lambda: workflow.extend_deadline(report, new_due=new_due, reason=why, by=user),
            take,
        )

    @move(2, days=one_of(40), minutes=one_of(600), pick=picks)
    def time_passes(self, days: int, minutes: int, pick: int) -> None:
        """What was known at the end of a day is known of that day ever after."""
        today = clock.local_date(self.now)
        self.now += timedelta(days=max(0, days - 10), minutes=minutes)
        if clock.local_date(self.now) > today:
            if self.past:
                day = list(self.past)[pick % len(self.past)]
                assert self.picture(day) == self.past[day]
            self.past[today] = self.picture(today)

    def picture(self, day: date) -> dict[str, Any]:
        """Everything said of that day: the official figures, and how far each report was."""
        with clock.at(self.now):
            history = load_history(self.world.programme, day)
        return {
            "official": {
                (commune, quarter): (known.number, known.since, known.judged)
                for commune, quarters in history.known.items()
                for quarter, known in quarters.items()
            },
            "owed": history.owed,
        }

    # What must always hold

    def version(self, life: Life, copy: Copy) -> ReportVersion:
        """The stored version, as a page would have it."""
        versions = ReportVersion.objects.select_related("report__commune__province", "report__period")
        return versions.get(report=life.pk, number=copy.number)

    def attempt(
        self,
        may: bool,
        is_ready: bool,
        call: Callable[[], Any],
        take: Callable[[], None],
        action: str = "",
        *,
        changes: bool = True,
    ) -> None:
        """Try it, and compare what comes of it with the model."""
        expected = FORBIDDEN if not may else DONE if is_ready else INCOMPLETE
        written: set[str] = set()
        try:
            with clock.at(self.now), connection.execute_wrapper(partial(note_table, written)):
                call()
        except NotAllowed:
            outcome = FORBIDDEN
        except Refused:
            outcome = INCOMPLETE
        else:
            outcome = DONE
        assert outcome == expected
        self.attempts[outcome] += 1
        if outcome == DONE:
            self.taken[action] += 1
            take()
        before, self.stored = self.stored, self.stored | everything(written)
        has_changed = self.stored != before
        assert has_changed is (outcome == DONE and changes)
        if has_changed:
            assert_nothing_is_lost(before, self.stored)
            assert_what_was_sent_stays(before, self.stored)
            assert figures(before) == figures(self.stored) or action in ("accept", "undo_accept")
            self.assert_as_the_model_says()

    def assert_as_the_model_says(self) -> None:
        rows, names = self.stored, self.world.names
        versions = by_report(rows["ReportVersion"])
        spans = by_report(rows["InForce"])
        numbers = {row["id"]: row["number"] for row in rows["ReportVersion"]}
        reports = {row["id"]: row for row in rows["QuarterlyReport"]}
        told = tell(rows["ReportEvent"])
        for life in self.lives:
            report = reports[life.pk]
            assert report["first_submitted_at"] == life.first_sent
            assert numbers.get(report["working_id"]) == (life.working.number if life.working else None)
            assert numbers.get(report["in_force_id"]) == (life.official[-1].number if life.official else None)
            in_force = [row["version_id"] for row in spans.get(life.pk, []) if row["until"] is None]
            accepted = [row["id"] for row in versions[life.pk] if row["state"] == "accepted"]
            assert in_force == accepted == [pk for pk in [report["in_force_id"]] if pk]
            for row, copy in zip(versions[life.pk], life.copies, strict=True):
                stored = (row["number"], row["state"], row["is_correction"], row["judged_on"])
                assert stored == (copy.number, copy.state, copy.is_correction, copy.judged_on)
                assert (names[row["opened_by_id"]], names[row["holder_id"]]) == (copy.opened_by, copy.holder)
                assert told.get(row["id"], "draft") == copy.state
        self.assert_rows_as_the_model_says(numbers)

    def assert_rows_as_the_model_says(self, numbers: Mapping[int, int]) -> None:
        report_of = {row["id"]: row["report_id"] for row in self.stored["ReportVersion"]}
        copies = {(life.pk, copy.number): copy for life in self.lives for copy in life.copies}
        criteria = {criterion.pk: number for number, criterion in self.world.criteria.items()}
        for row in self.stored["CriterionVerdict"]:
            copy = copies[report_of[row["version_id"]], numbers[row["version_id"]]]
            number = criteria[row["criterion_id"]]
            assert row["claimed"] == copy.claims.get(number, "")
            assert row["computed"] == copy.computed.get(number, "")
            assert (row["verified"], row["verified_reason"]) == copy.verified.get(number, ("", ""))
        items = {item.pk: item for life in self.lives for item in life.items}
        for row in self.stored["ReviewItem"]:
            item = items[row["id"]]
            assert (row["resolved_at"] is None, bool(row["done"] and row["reply"])) == (item.is_open, item.is_answered)


def note_table(written: set[str], execute: Any, sql: str, *rest: Any) -> Any:
    """Keep the names of the tables that are written to, so that only these are read again."""
    if found := re.match(r'(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"', sql):
        written.add(found[1])
    return execute(sql, *rest)


def claim_of(word: str) -> dict[str, str]:
    return {"claimed": word, "claim_reason": "Theo rà soát" if word else ""}


Rows = dict[str, list[dict[str, Any]]]


def by_report(rows: list[dict[str, Any]]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["report_id"], []).append(row)
    return found


def figures(rows: Rows) -> dict[int, Any]:
    """What is official: of each report the version in force with its verdicts."""
    official = {row["in_force_id"]: row["id"] for row in rows["QuarterlyReport"] if row["in_force_id"]}
    found: dict[int, Any] = {report: [version] for version, report in official.items()}
    for row in rows["CriterionVerdict"]:
        if row["version_id"] in official:
            found[official[row["version_id"]]].append({**row})
    return found


WRITTEN_ONCE = [
    "ReportEvent",
    "ValueChange",
    "VerdictChange",
    "SectionLineChange",
    "ResourceChange",
    "ReviewReply",
    "DeadlineExtension",
]


def assert_nothing_is_lost(before: Rows, now: Rows) -> None:
    """Rows are only added, and those of the history never change. A span in force only ever ends."""
    for name, rows in before.items():
        here = {row["id"] for row in now[name]}
        assert all(row["id"] in here for row in rows), name
    for name in WRITTEN_ONCE:
        assert now[name][: len(before[name])] == before[name], name
    for then, span in zip(before["InForce"], now["InForce"], strict=False):
        assert span == then or (then["until"] is None and span == {**then, "until": span["until"]})
    for then, report in zip(before["QuarterlyReport"], now["QuarterlyReport"], strict=True):
        assert then["first_submitted_at"] in (None, report["first_submitted_at"])


def assert_what_was_sent_stays(before: Rows, now: Rows) -> None:
    """What a version says, and by what it was judged, moves only while it is a draft or is withdrawn to one."""
    is_draft = {row["id"] for rows in (before, now) for row in rows["ReportVersion"] if row["state"] == "draft"}
    is_closed = {row["id"] for row in before["ReportVersion"] if row["state"] in ("returned", "accepted", "superseded")}
    for name in ("IndicatorValue", "SectionLine", "ResourceEntry"):
        stored = {row["id"]: row for row in now[name]}
        assert all(stored[row["id"]] == row for row in before[name] if row["version_id"] not in is_draft), name
    verdicts = {row["id"]: row for row in now["CriterionVerdict"]}
    versions = {row["id"]: row for row in now["ReportVersion"]}
    for row in before["CriterionVerdict"]:
        if row["version_id"] in is_closed:
            assert verdicts[row["id"]] == row
        elif row["version_id"] not in is_draft:
            assert all(verdicts[row["id"]][name] == row[name] for name in ("claimed", "claim_reason", "computed"))
    for row in before["ReportVersion"]:
        if row["id"] in is_closed:
            now_ = {**versions[row["id"]], "state": row["state"]}
            assert now_ == row


def tell(events: list[dict[str, Any]]) -> dict[int, str]:
    """The state of every version, told from the events alone."""
    states: dict[int, str] = {}
    official: dict[int, list[int]] = {}
    for event in events:
        version, reached = event["version_id"], event["to_state"]
        if not reached:
            continue
        assert states.get(version, "" if event["action"] == "open" else "draft") == event["from_state"]
        states[version] = reached
        stack = official.setdefault(event["report_id"], [])
        if event["action"] == "accept":
            states.update(dict.fromkeys(stack[-1:], "superseded"))
            stack.append(version)
        elif event["action"] == "undo_accept":
            stack.pop()
            states.update(dict.fromkeys(stack[-1:], "accepted"))
    return states


def test_whatever_anybody_tries_the_report_lives_as_the_model_says() -> None:
    Lives.world, Lives.attempts, Lives.taken = make_world(), Counter(), Counter()
    unhurried = [HealthCheck.too_slow]

    run_state_machine_as_test(
        Lives,
        settings=settings(
            max_examples=LIVES,
            stateful_step_count=STEPS_EACH,
            derandomize=True,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=unhurried,
        ),
    )

    assert sum(Lives.attempts.values()) >= AT_LEAST
    assert min(Lives.attempts[outcome] for outcome in (DONE, INCOMPLETE, FORBIDDEN)) >= 100
    assert min(Lives.taken[happening] for happening in [*ACTIONS, RESTORED, FROZEN, ASKED_AGAIN]) >= 5
