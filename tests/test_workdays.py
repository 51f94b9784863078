"""The working calendar: terms in working days, hours in which answers leave."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence_daemon.workdays import (
    ECUADOR,
    Calendar,
    add_working_days,
    before_working_days,
    read_dates,
    read_hours,
)

DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("asked", "days", "last"),
    [
        (date(2021, 3, 17), 10, date(2021, 3, 31)),  # Wednesday
        (date(2021, 3, 19), 1, date(2021, 3, 22)),  # Friday
        (date(2021, 3, 20), 1, date(2021, 3, 22)),  # Saturday
        (date(2021, 3, 21), 5, date(2021, 3, 26)),  # Sunday
        (date(2021, 3, 17), 0, date(2021, 3, 17)),
        (date(2026, 2, 13), 1, date(2026, 2, 18)),  # Carnival is Monday and Tuesday
        (date(2026, 4, 2), 1, date(2026, 4, 6)),  # Good Friday
        (date(2026, 5, 22), 1, date(2026, 5, 26)),  # Pichincha, a Sunday, is kept on Monday
        (date(2026, 12, 24), 1, date(2026, 12, 28)),
    ],
)
def test_a_term_counts_working_days_after_the_day_itself(asked: date, days: int, last: date) -> None:
    assert add_working_days(asked, days) == last


def test_the_list_of_the_house_adds_holidays_and_takes_some_away() -> None:
    calendar = Calendar(more=read_dates("2026-12-31, 2027-01-04"), worked=read_dates("2026-11-03, 2026-11-07"))
    assert add_working_days(date(2026, 12, 30), 1, calendar) == date(2027, 1, 5)
    assert add_working_days(date(2026, 11, 2), 1, calendar) == date(2026, 11, 3)
    assert add_working_days(date(2026, 11, 6), 1, calendar) == date(2026, 11, 7)  # a Saturday made up for
    hours = read_hours("lun-vie 08:00-17:30", calendar)
    new_year = datetime(2026, 12, 30, 18, 0, tzinfo=ECUADOR)
    assert hours.next_open(new_year) == datetime(2027, 1, 5, 8, 0, tzinfo=ECUADOR)


@pytest.mark.parametrize("wrong", ["31-12-2026", "2026-02-30", "navidad"])
def test_dates_that_are_none_are_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="write dates"):
        read_dates(wrong)


@given(DAYS, st.integers(1, 40))
def test_what_was_asked_by_then_is_late_and_what_was_asked_later_is_not(today: date, count: int) -> None:
    latest = before_working_days(today, count)
    assert add_working_days(latest, count) < today
    assert add_working_days(latest + timedelta(days=1), count) >= today


@pytest.mark.parametrize(
    ("hours", "local", "opens"),
    [
        ("", "2021-03-20 03:00", "2021-03-20 03:00"),
        ("lun-vie 08:00-17:30", "2021-03-17 08:00", "2021-03-17 08:00"),
        ("lun-vie 08:00-17:30", "2021-03-17 17:29", "2021-03-17 17:29"),
        ("lun-vie 08:00-17:30", "2021-03-17 17:30", "2021-03-18 08:00"),
        ("lun-vie 08:00-17:30", "2021-03-17 07:00", "2021-03-17 08:00"),
        ("lun-vie 08:00-17:30", "2021-03-19 18:00", "2021-03-22 08:00"),
        ("lun-vie 08:00-17:30, sáb 09:00-13:00", "2021-03-19 18:00", "2021-03-20 09:00"),
        ("mie 08:00-09:00", "2021-03-17 09:30", "2021-03-24 08:00"),
        ("lun-dom 00:00-24:00", "2021-03-20 23:59", "2021-03-20 23:59"),
        ("lun-vie 08:00-17:30", "2026-10-30 18:00", "2026-11-04 08:00"),  # Difuntos and Cuenca
        ("lun-dom 00:00-24:00", "2026-12-25 10:00", "2026-12-26 00:00"),
        ("lun-vie 08:00-12:00, lun-vie 13:00-17:00", "2021-03-17 12:30", "2021-03-17 13:00"),
    ],
)
def test_the_next_opening(hours: str, local: str, opens: str) -> None:
    at = datetime.fromisoformat(local).replace(tzinfo=ECUADOR)
    assert read_hours(hours).next_open(at) == datetime.fromisoformat(opens).replace(tzinfo=ECUADOR)


@given(MOMENTS)
def test_the_next_opening_is_open_and_never_in_the_past(at: datetime) -> None:
    hours = read_hours("lun-vie 08:00-17:30, sab 09:00-13:00")
    opens = hours.next_open(at)
    assert opens >= at
    assert opens - at < timedelta(days=5)  # Carnival
    assert hours.next_open(opens) == opens


@pytest.mark.parametrize("wrong", ["8-17", "lun-vie 17:00-08:00", "lun-vie 08:00-25:00", "vie-lun 08:00-17:00", "lun"])
def test_hours_that_make_no_sense_are_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"hour|understood|before"):
        read_hours(wrong)
