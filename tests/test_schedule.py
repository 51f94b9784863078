"""When, what follows, how fast: the calendar of Ecuador in both zones, results and paces."""

from __future__ import annotations

import heapq
import math
import random
from bisect import bisect_left
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from evidence_daemon.app import read_rules
from evidence_daemon.campaignbook import LAW_CLOSES, LAW_OPENS
from evidence_daemon.model import CampaignState, ContactState
from evidence_daemon.outreach import schedule
from evidence_daemon.outreach.schedule import Enough, Openings, OtherChannel, OtherPhone, Pace, Repeat
from evidence_daemon.workdays import ECUADOR, NATIONAL, Calendar

BOOK = read_rules(Path(__file__).parent.parent / "rules").campaigns["recuperacion-equipos"]
OPENINGS = Openings(BOOK.hours, NATIONAL)
PROVINCES = st.sampled_from(["Pichincha", "GUAYAS", "Galápagos", "galapagos", "Loja", ""])
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
SPARES = st.sampled_from([timedelta(0), timedelta(minutes=2), timedelta(hours=3)])


def lawful(at: datetime, province: str) -> bool:
    """The law, written down again without the code's own words."""
    offset = -6 if province.lower().startswith("gal") else -5
    local = at.astimezone(UTC) + timedelta(hours=offset)
    day = local.date()
    return day.weekday() < 5 and day not in NATIONAL_DAYS and time(7) <= local.time() < time(20)


def national() -> set[date]:
    import holidays

    return set(holidays.country_holidays("EC", years=range(2020, 2032)))


NATIONAL_DAYS = national()


@settings(max_examples=600, deadline=None)
@given(MOMENTS, PROVINCES, SPARES)
def test_nothing_is_ever_sent_outside_the_laws_hours(at: datetime, province: str, spare: timedelta) -> None:
    for found in (
        OPENINGS.next_open(at, province, spare),
        OPENINGS.next_day(at, province),
        OPENINGS.other_half(at, province),
    ):
        assert lawful(found, province)
        assert found >= at
        assert found - at < timedelta(days=8)
    ends = OPENINGS.next_open(at, province, spare) + spare
    local = ends.astimezone(schedule.zone_of(province))
    assert local.time() <= LAW_CLOSES
    assert local.time() >= LAW_OPENS


@settings(max_examples=300, deadline=None)
@given(MOMENTS, PROVINCES)
def test_what_is_open_stays_as_it_is_and_the_next_opening_is_the_first(at: datetime, province: str) -> None:
    found = OPENINGS.next_open(at, province)
    if OPENINGS.is_open(at, province):
        assert found == at
    step = at
    while step < found:  # nothing lawful was passed over, unless a province's own holiday
        local = step.astimezone(schedule.zone_of(province)).date()
        own = f"{local:%m-%d}" in BOOK.hours.local_holidays.get("Pichincha", ()) + BOOK.hours.local_holidays["Guayas"]
        own |= f"{local:%m-%d}" in BOOK.hours.local_holidays["Galápagos"]
        assert own or not lawful(step, province) or step == at
        step += timedelta(minutes=61)


@settings(max_examples=200, deadline=None)
@given(MOMENTS, PROVINCES)
def test_the_next_day_is_another_day_and_the_other_half_the_other_half(at: datetime, province: str) -> None:
    zone = schedule.zone_of(province)
    today = at.astimezone(zone)
    later, half = OPENINGS.next_day(at, province).astimezone(zone), OPENINGS.other_half(at, province).astimezone(zone)
    assert later.date() > today.date()
    assert half.date() > today.date()
    assert (half.time() >= BOOK.hours.noon) == (today.time() < BOOK.hours.noon)


def test_every_day_of_eleven_years_agrees_with_the_national_table_in_both_zones() -> None:
    day = date(2020, 1, 1)
    while day <= date(2030, 12, 31):
        for province in ("Loja", "Galápagos"):
            own = f"{day:%m-%d}" in BOOK.hours.local_holidays.get(province, ())
            assert OPENINGS.allowed(day, province) is (day.weekday() < 5 and day not in NATIONAL_DAYS and not own)
        day += timedelta(days=1)


def test_an_hour_lies_between_the_mainland_and_galapagos() -> None:
    at = datetime(2021, 3, 17, 12, 30, tzinfo=UTC)  # 07:30 in Quito, 06:30 in Puerto Ayora
    assert OPENINGS.is_open(at, "Pichincha")
    assert OPENINGS.next_open(at, "GALÁPAGOS") == datetime(2021, 3, 17, 13, 0, tzinfo=UTC)


def test_holidays_of_a_decree_and_of_a_province_close_and_a_worked_saturday_stays_shut() -> None:
    bridge, saturday = date(2021, 3, 18), date(2021, 3, 20)
    told = Openings(BOOK.hours, Calendar(frozenset({bridge}), frozenset({saturday})))
    assert not told.allowed(bridge, "Loja")
    assert not told.allowed(saturday, "Loja"), "the law knows no worked weekend"
    quito = date(2022, 12, 6)
    assert not OPENINGS.allowed(quito, "pichincha")
    assert OPENINGS.allowed(quito, "Guayas")


def test_a_calendar_without_an_open_day_is_told_and_not_searched_for_ever() -> None:
    start = date(2021, 3, 1)
    shut = Calendar(frozenset(start + timedelta(days=ahead) for ahead in range(100)))
    with pytest.raises(ValueError, match="holidays"):
        Openings(BOOK.hours, shut).next_open(datetime(2021, 3, 2, 15, tzinfo=UTC), "")


MORNING = datetime(2021, 3, 17, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("result", "tries", "kind"),
    [
        ("OCUPADO", 1, Repeat),
        ("OCUPADO", 3, Enough),
        ("NO_CONTESTA", 2, Repeat),
        ("NO_CONTESTA", 3, OtherChannel),
        ("BUZON", 3, OtherChannel),
        ("RECHAZADA", 1, Repeat),
        ("RECHAZADA", 2, Enough),
        ("PARCIAL", 1, Repeat),
        ("PARCIAL", 2, Enough),
        ("RED", 1, Repeat),
        ("RED", 5, Enough),
        ("NUMERO_INVALIDO", 1, OtherPhone),
        ("SIN_WHATSAPP", 1, OtherChannel),
        ("SIN_ENTREGA", 1, OtherChannel),
        ("ESCUCHADO", 1, Enough),
        ("BAJA", 1, Enough),
        ("LO_QUE_NADIE_CONOCE", 1, Enough),
    ],
)
def test_each_result_has_what_follows_it(result: str, tries: int, kind: type) -> None:
    step = schedule.what_follows(result, BOOK.after, tries=tries, ended=MORNING, openings=OPENINGS, province="Loja")
    assert isinstance(step, kind)
    if isinstance(step, Repeat) and result != "RED":
        assert step.at.astimezone(ECUADOR).date() > MORNING.astimezone(ECUADOR).date(), "one contact a day"


def test_the_network_gets_two_four_eight_minutes() -> None:
    waits = []
    for tries in (1, 2, 3):
        step = schedule.what_follows("RED", BOOK.after, tries=tries, ended=MORNING, openings=OPENINGS, province="")
        assert isinstance(step, Repeat)
        waits.append((step.at - MORNING).seconds // 60)
    assert waits == [2, 4, 8]


def test_statuses_end_alike_in_whatever_order_they_come_and_however_often() -> None:
    told = [ContactState.ENVIADO, ContactState.FALLIDO, ContactState.ENTREGADO, ContactState.LEIDO]
    for seed in range(200):
        for some in (told, told[:2], told[1:3], [told[0], told[3]]):
            shuffled = some * 2
            random.Random(seed).shuffle(shuffled)
            state = ContactState.ENVIANDO
            for report in shuffled:
                if schedule.moves(state, report):
                    state = report
            assert state is max(some, key=lambda one: schedule.RANK[one])


def test_every_state_of_a_campaign_has_its_followers() -> None:
    assert set(schedule.MAY_FOLLOW) == set(CampaignState)
    assert not schedule.MAY_FOLLOW[CampaignState.CANCELADA]


def served(
    pace: Pace, count: int, chance: random.Random | None = None, far: Callable[[], float] = lambda: 0.004
) -> list[float]:
    """Arrivals, in order: the sender leaves when he may; with `chance` he, the wire and the receiver are held up."""
    now, arrived, free_at = 0.0, [], 0.0
    answers: list[tuple[float, str]] = []

    def held_up(mostly: float) -> float:
        if chance is None:
            return mostly
        return mostly * chance.uniform(1, 3) + (chance.uniform(0, 0.8) if chance.random() < 0.01 else 0.0)

    for number in range(count):
        while (wait := max(pace.wait(now), free_at - now)) > 0:
            now = min(now + wait, answers[0][0] if answers else math.inf)
            if answers and answers[0][0] <= now:
                pace.answered(heapq.heappop(answers)[1], now)
        pace.leaves(str(number), now)
        free_at = now + held_up(0.0)
        arrived.append(free_at + held_up(0.002))
        heapq.heappush(answers, (max(free_at, arrived[-1] + held_up(far())), str(number)))
    return sorted(arrived)


@settings(max_examples=60, deadline=None)
@example(2, 2401653)
@example(2, 78)
@given(st.sampled_from([0.5, 2, 20, 80, 100]), st.integers())
def test_no_second_at_the_receiver_ever_holds_more_than_the_rate(rate: float, seed: int) -> None:
    arrived = served(Pace(rate), 1000, random.Random(seed))
    span = max(1.0, 1 / rate) - 1e-9  # what floating point loses
    for at, moment in enumerate(arrived):
        within = bisect_left(arrived, moment + span) - at
        assert within <= max(1, int(rate))


@pytest.mark.parametrize("rate", [2, 80])
def test_the_rate_is_kept_within_two_parts_of_a_hundred(rate: float) -> None:
    arrived = served(Pace(rate), 2000)
    measured = (len(arrived) - 1) / (arrived[-1] - arrived[0])
    assert 0.98 * rate <= measured <= 1.02 * rate


def test_a_far_receiver_costs_little_of_the_rate() -> None:
    """150 ms to an answer, and up to 40 ms more."""
    chance = random.Random(4)
    arrived = served(Pace(80), 4000, far=lambda: 0.15 + chance.uniform(0, 0.04))
    assert 3000 / (arrived[-1] - arrived[1000]) >= 0.95 * 80


def test_an_answer_that_never_comes_does_not_keep_its_place() -> None:
    pace = Pace(2)
    for name, at in (("a", 0.0), ("b", 0.5)):
        assert pace.wait(at) == 0
        pace.leaves(name, at)
    assert pace.wait(1.9) > 0
    assert 2.9 < 2.0 + pace.wait(2.0) <= 3.0, "a second after it is given up"
    pace.answered("a", 5.0)
    assert pace.wait(5.0) == 0, "an answer that comes later still frees no second place"
    pace.leaves("c", 5.0)
    pace.leaves("d", 5.0)
    assert pace.wait(5.1) > 0


def test_who_takes_a_channel_over_leaves_it_the_second_that_the_last_one_may_have_used() -> None:
    pace = Pace(80)
    pace.begins(100.0)
    assert pace.wait(100.5) == 0.5


def test_a_throttled_channel_waits_goes_at_half_and_comes_back() -> None:
    pace = Pace(80)
    pace.leaves("a", 10.0)
    pace.throttled(10.0, 5.0)
    assert pace.rate == 40
    assert 10.1 + pace.wait(10.1) >= 15.0
    for _ in range(200):
        pace.accepted()
    assert pace.rate == 80
