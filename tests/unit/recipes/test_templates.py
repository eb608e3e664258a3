"""What templates can do, and what they cannot."""

import os
import time
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import Invalid
from campaigns.model import Trigger
from campaigns.recipes import language, templates
from campaigns.recipes.filters import REMOVED
from campaigns.recipes.shapes import LONGEST_TEXT

BERLIN = ZoneInfo("Europe/Berlin")


def filled(template: str, zone: ZoneInfo = BERLIN, **data: object) -> str:
    trigger = Trigger(type="product.launched", subject="sku-1", time=1_790_000_000_000, data=data)
    return templates.text(template, templates.values_of(trigger, zone))


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("Launch: {{ data.name }}", "Launch: Nova & Söhne"),
        ("{{ data.name | slug }}", "nova-sohne"),
        ("{{ data.launch | date }}", "2026-10-01"),
        ("{{ data.launch | date(days=30) }}", "2026-10-31"),
        ("{{ data.launch | date(months=5) }}", "2027-03-01"),
        ("{{ data.launch | date(format='%d.%m.%Y') }}", "01.10.2026"),
        ("{{ time | date }}", "2026-09-21"),
        ("{{ data.price | currency('EUR') }}", "1,234.50 EUR"),
        ("{{ data.price | currency('JPY') }}", "1,235 JPY"),
        ("{{ data.price | times(0.1) | round(2) }}", "123.45"),
        ("{{ data.tags | join(', ') }}", "a, b"),
        ("{{ data.missing | default('none') }}", "none"),
        ("{% if data.vip %}VIP{% else %}all{% endif %}", "VIP"),
        ("{% if data.missing %}there{% else %}not there{% endif %}", "not there"),
        ("{% for tag in data.tags %}{{ loop.index }}={{ tag }} {% endfor %}", "1=a 2=b "),
        ("{{ data.vip }} {{ data.whole }}", "true 12000"),
    ],
)
def test_texts_are_filled_in(template: str, expected: str) -> None:
    data = {"name": "Nova & Söhne", "launch": "2026-09-30T22:30:00Z", "price": 1234.5, "tags": ["a", "b"], "vip": True}
    assert filled(template, BERLIN, **data, whole=12000.0) == expected


@pytest.mark.parametrize(
    ("launch", "days", "zone", "expected"),
    [
        ("2026-10-01T00:30:00+02:00", 30, "Europe/Berlin", "2026-10-31"),  # an hour less is still the 30th by UTC
        ("2026-03-01T23:30:00+01:00", 30, "Europe/Berlin", "2026-03-31"),  # an hour more would be April
        ("2026-10-30T12:00:00Z", 7, "America/New_York", "2026-11-06"),
        ("2026-10-31", 1, "America/New_York", "2026-11-01"),
        ("2028-01-31", 29, "UTC", "2028-02-29"),
    ],
)
def test_days_are_counted_on_the_calendar_of_the_portals_zone(launch: str, days: int, zone: str, expected: str) -> None:
    assert filled(f"{{{{ data.launch | date(days={days}) }}}}", ZoneInfo(zone), launch=launch) == expected


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.integers(-4000, 4000))
def test_moving_a_day_there_and_back_is_that_day(day: date, days: int) -> None:
    there = filled(f"{{{{ data.day | date(days={days}) }}}}", day=day.isoformat())
    assert filled(f"{{{{ data.day | date(days={-days}) }}}}", day=there) == day.isoformat()


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{{ data.nothing }}", "data.nothing"),
        ("{{ data.none }}", "null"),
        ("{{ data.tags }}", "join"),
        ("{{ data.name | date }}", "needs a day"),
        ("{{ data.day | date(format='%1000000d') }}", "knows in its format only"),
        ("{{ data.day | date(days=10000000) }}", "at most"),
        ("{{ data.name | currency('EUR') }}", "not a number"),
        ("{{ data.nan | times(2) }}", "not a number"),
    ],
)
def test_what_cannot_be_filled_in_says_why(template: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        filled(template, name="Nova", none=None, tags=["a"], day="2026-01-01", nan="nan")


# --- what no recipe can do ---


@pytest.mark.parametrize(
    "template",
    [
        "{% include '/etc/passwd' %}",
        "{% import '/etc/passwd' as x %}{{ x }}",
        "{% extends '/etc/passwd' %}",
        "{{ open('/etc/passwd') }}",
        "{{ data.__class__.__mro__ }}",
        "{{ data | attr('__class__') }}",
        "{{ environ }}{{ env }}",
        "{{ zone.__class__ }}",
        "{{ self }}",
        "{{ debug() }}",
        "{{ data.name.format(data) }}",
    ],
)
def test_a_recipe_cannot_read_a_file_the_environment_or_our_objects(template: str) -> None:
    with pytest.raises(Invalid):
        filled(template, name="Nova")


def test_a_recipe_sees_its_trigger_and_nothing_of_anybody_else() -> None:
    trigger = Trigger(type="product.launched", data={"name": "Nova"})
    seen = templates.values_of(trigger, BERLIN)
    assert seen.keys() - templates.KNOWN == {"zone"}
    assert os.environ["PATH"] not in repr(seen)
    filled("{{ data.name }}", name="first")
    with pytest.raises(Invalid):
        filled("{{ data.name }}")  # nothing is left of the one before


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in data.l %}{% for b in data.l %}{% for c in data.l %}x{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in data.l recursive %}{{ loop(data.l) }}{% endfor %}",
    ],
)
def test_a_recipe_cannot_loop_without_end(template: str) -> None:
    began = time.monotonic()
    with pytest.raises(Invalid):
        filled(template, l=list(range(1_000)))
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    "template",
    [
        "{{ data.long }}",
        "{% for a in data.l %}{{ data.half }}{% endfor %}",
        "{% for a in data.l %}0123456789012{% endfor %}",
        "{{ data.half | replace('x', data.half) }}",
        "{{ data.l | join(data.half) }}",
        "{{ data.half ~ data.half ~ data.half }}",
    ],
)
def test_a_recipe_cannot_build_a_text_over_the_limit(template: str) -> None:
    with pytest.raises(Invalid, match=r"more than|without end|would make"):
        filled(template, long="x" * (LONGEST_TEXT + 1), half="x" * (LONGEST_TEXT // 2), l=list(range(800)))


@pytest.mark.parametrize(
    "template",
    [
        "{{ 'x' * 1000000000 }}",
        "{{ [1] * 1000000000 }}",
        "{{ 2 ** 1000 }}",
        "{% set x = data.name ~ data.name %}",
        "{%- set x = 1 %}",
        "{%+set x = 1 %}",
        "{%\nset x = 1 %}",
        "{% macro f(x) %}{{ x }}{{ x }}{% endmacro %}",
        "{% filter upper %}x{% endfilter %}",
        "{% raw %}{{ x }}{% endraw %}",
        "{{ range(100000) }}",
        "{{ namespace(x=1) }}",
        "{{ '%1000000d' | format(3) }}",
        "{{ data.l | batch(1000000000, 'x') }}",
        "{{ data.name|\nindent(100000) }}",
        "{# {{ #}{{ 'it''s' * 9 }}",
        '{{ "a\\"b" * 9 }}',
        "{{ " + " ~ ".join(["data.name"] * 30) + " }}",
    ],
)
def test_what_could_grow_without_end_is_no_part_of_the_language(template: str) -> None:
    assert language.troubles(template)


@pytest.mark.parametrize(
    "template",
    [
        "It's 2 * 2 {{ data.name }}",
        "{{ '*' }}{{ \"{% set %}\" | upper }}",
        "{# {% set x = 1 %} * #}",
        "{% if (data.a and not (data.b)) or data.c is defined %}{{ data.a[0] }}{% endif %}",
        "{{ data.x if data.x else 'y' }}",
    ],
)
def test_what_only_looks_like_it_is_none_of_it(template: str) -> None:
    assert language.troubles(template) == ()


@given(st.text(alphabet="{}%#'\"\\ a*|(~)\n", max_size=40))
def test_any_text_is_checked_without_fault_and_what_passes_has_no_multiplication(template: str) -> None:
    if not language.troubles(template) and templates.syntax(template) is None:
        try:
            filled(template, a=1)
        except Invalid:
            return


@pytest.mark.parametrize("name", sorted(REMOVED))
def test_a_filter_that_could_grow_a_text_is_not_there_even_if_nobody_has_checked_the_recipe(name: str) -> None:
    with pytest.raises(Invalid, match=f"filter {name} is unknown"):
        filled(f"{{{{ data.name | {name} }}}}", name="Nova")
