"""What is said of properties and asset types before a call is spent."""

import pytest

from campaigns.hubspot.asset_types import ASSET_TYPES, advice_on_refusal, doubt_about
from campaigns.hubspot.properties import Objection, objections


def stopped(**properties: str) -> list[str]:
    """The properties that stop a create of *properties*."""
    found = objections({"hs_name": "Launch", **properties}, creating=True)
    return [objection.property for objection in found if objection.stops]


def test_good_properties_meet_no_objection() -> None:
    properties = {
        "hs_name": "Launch",
        "hs_start_date": "2026-02-28",
        "hs_end_date": "2026-02-28",
        "hs_notes": "Anything.\n" * 1_000,
        "hs_audience": "Everybody",
        "hs_currency_code": "EUR",
        "hs_campaign_status": "in_progress",
        "hs_utm": "launch-2026",
    }
    assert objections(properties, creating=True) == ()


@pytest.mark.parametrize("name", ["", "  "])
def test_a_campaign_must_have_a_name(name: str) -> None:
    assert stopped(hs_name=name) == ["hs_name"]
    assert [one.property for one in objections({}, creating=True)] == ["hs_name"]


def test_a_change_may_leave_the_name_alone_but_not_clear_it() -> None:
    assert objections({"hs_notes": ""}, creating=False) == ()
    assert [one.property for one in objections({"hs_name": ""}, creating=False)] == ["hs_name"]


@pytest.mark.seed("G43")
@pytest.mark.seed("G48")
@pytest.mark.parametrize("name", ["hs_name", "hs_utm"])
def test_a_name_and_a_utm_have_at_most_256_characters(name: str) -> None:
    assert stopped(**{name: "ü" * 256}) == []
    assert stopped(**{name: "ü" * 257}) == [name]


@pytest.mark.seed("G44")
@pytest.mark.parametrize(
    "day",
    [
        "2026-2-1",
        "20260201",
        "2026-02-30",
        "01.02.2026",
        "2026-W05-1",
        "2026-02-01T00:00:00Z",
        "\N{ARABIC-INDIC DIGIT TWO}026-02-01",
    ],
)
def test_a_day_is_written_year_month_day(day: str) -> None:
    assert stopped(hs_start_date=day) == ["hs_start_date"]
    assert stopped(hs_end_date=day) == ["hs_end_date"]


@pytest.mark.seed("G45")
def test_notes_and_audience_are_any_text() -> None:
    assert stopped(hs_notes="x" * 10_000, hs_audience="y" * 10_000) == []


@pytest.mark.seed("G46")
@pytest.mark.parametrize("code", ["eur", "EURO", "€"])
def test_a_currency_is_an_iso_code(code: str) -> None:
    assert stopped(hs_currency_code="EUR") == []
    assert stopped(hs_currency_code=code) == ["hs_currency_code"]


@pytest.mark.seed("G47")
@pytest.mark.parametrize("status", ["planned", "in_progress", "active", "paused", "completed"])
def test_a_status_is_one_of_five(status: str) -> None:
    assert stopped(hs_campaign_status=status) == []
    assert stopped(hs_campaign_status=status.upper()) == ["hs_campaign_status"]


@pytest.mark.seed("G36")
@pytest.mark.seed("G49")
@pytest.mark.parametrize(
    "name",
    [
        "hs_owner",
        "hs_color_hex",
        "hs_created_by_user_id",
        "hs_object_id",
        "hs_budget_items_sum_amount",
        "hs_spend_items_sum_amount",
    ],
)
def test_a_read_only_property_is_refused_before_a_call(name: str) -> None:
    assert stopped(**{name: "1"}) == [name]
    assert stopped(**{name: ""}) == [name]


@pytest.mark.seed("B7")
@pytest.mark.seed("G42")
def test_the_retired_goal_is_a_warning() -> None:
    (objection,) = objections({"hs_name": "Launch", "hs_goal": "Sell"}, creating=True)
    assert (objection.property, objection.stops) == ("hs_goal", False)


def test_a_portals_own_property_passes() -> None:
    """`hs_budget` of the specification's example is in no list either; only the portal knows."""
    assert stopped(bing_click_total="7", hs_budget="2") == []


def test_an_empty_value_clears_a_property() -> None:
    assert objections({"hs_start_date": "", "hs_currency_code": "", "hs_campaign_status": ""}, creating=False) == ()


def test_an_end_before_the_start_is_a_warning() -> None:
    """Whether HubSpot refuses it is not known."""
    told = objections({"hs_start_date": "2026-03-01", "hs_end_date": "2026-02-01"}, creating=False)
    assert told == (Objection("hs_end_date", "2026-02-01 is before hs_start_date 2026-03-01", stops=False),)


def test_what_stops_comes_first() -> None:
    told = objections({"hs_goal": "Sell", "hs_owner": "7", "hs_name": "Launch"}, creating=True)
    assert [one.stops for one in told] == [True, False]


METRICS = [
    pytest.param("AD_CAMPAIGN", "", marks=pytest.mark.seed("G17")),
    pytest.param(
        "BLOG_POST", "CONTACTS_FIRST_TOUCH CONTACTS_LAST_TOUCH SUBMISSIONS VIEWS", marks=pytest.mark.seed("G18")
    ),
    pytest.param("SOCIAL_BROADCAST", "FACEBOOK_CLICKS LINKEDIN_CLICKS TWITTER_CLICKS", marks=pytest.mark.seed("G19")),
    pytest.param("WEB_INTERACTIVE", "CLICKS VIEWS", marks=pytest.mark.seed("G20")),
    pytest.param("CTA", "CLICKS SUBMISSIONS VIEWS", marks=pytest.mark.seed("G21")),
    pytest.param("EXTERNAL_WEB_URL", "VIEWS", marks=pytest.mark.seed("G22")),
    pytest.param("FORM", "CONVERSION_RATE SUBMISSIONS VIEWS", marks=pytest.mark.seed("G23")),
    pytest.param(
        "LANDING_PAGE",
        "CONTACTS_FIRST_TOUCH CONTACTS_LAST_TOUCH CUSTOMERS SUBMISSIONS VIEWS",
        marks=pytest.mark.seed("G24"),
    ),
    pytest.param("MARKETING_EMAIL", "CLICKS OPEN SENT", marks=pytest.mark.seed("G25")),
    pytest.param("MARKETING_EVENT", "ATTENDEES CANCELLATIONS REGISTRATIONS", marks=pytest.mark.seed("G26")),
    pytest.param("OBJECT_LIST", "CONTACTS", marks=pytest.mark.seed("G27")),
    pytest.param(
        "SITE_PAGE",
        "CONTACTS_FIRST_TOUCH CONTACTS_LAST_TOUCH CUSTOMERS SUBMISSIONS VIEWS",
        marks=pytest.mark.seed("G28"),
    ),
    pytest.param("AUTOMATION_PLATFORM_FLOW", "CURRENTLY_ENROLLED STARTED", marks=pytest.mark.seed("G29")),
    pytest.param("MARKETING_SMS", "SENT DELIVERED UNIQUE_CLICKS", marks=pytest.mark.seed("G30")),
]


@pytest.mark.parametrize(("code", "metrics"), METRICS)
def test_the_metrics_of_each_type_are_the_guides(code: str, metrics: str) -> None:
    assert set(ASSET_TYPES[code].metrics) == set(metrics.split())


def test_there_are_26_asset_types() -> None:
    assert len(ASSET_TYPES) == 26


@pytest.mark.seed("G33")
@pytest.mark.parametrize(
    "code",
    [
        "CALL",
        "CASE_STUDY",
        "EMAIL",
        "EXTERNAL_WEB_URL",
        "FEEDBACK_SURVEY",
        "FORM",
        "KNOWLEDGE_ARTICLE",
        "MEETING_EVENT",
        "OBJECT_LIST",
        "PLAYBOOK",
        "PODCAST_EPISODE",
        "SALES_DOCUMENT",
        "SEQUENCE",
        "WEB_INTERACTIVE",
    ],
)
def test_what_the_guide_lets_the_api_attach_is_known(code: str) -> None:
    assert doubt_about(code) is None


@pytest.mark.parametrize(
    ("guess", "meant"),
    [
        ("WORKFLOW", "AUTOMATION_PLATFORM_FLOW"),
        ("STATIC_LIST", "OBJECT_LIST"),
        ("WEBSITE_PAGE", "SITE_PAGE"),
        ("SOCIAL_POST", "SOCIAL_BROADCAST"),
        ("form", "FORM"),
        ("LANDING_PAGES", "LANDING_PAGE"),
    ],
)
def test_a_guessed_code_is_doubted_and_the_meant_one_named(guess: str, meant: str) -> None:
    """HubSpot may answer a wrong code like a type that has no assets; nobody would notice."""
    assert meant in (doubt_about(guess) or "")


def test_a_code_like_no_other_is_doubted() -> None:
    assert doubt_about("§§§") == "§§§ is no asset type that HubSpot is known to have"


@pytest.mark.seed("G34")
def test_a_refused_type_says_where_to_attach_it() -> None:
    assert advice_on_refusal("BLOG_POST") == (
        "HubSpot does not attach blog posts by its API here: attach them inside HubSpot, in Marketing > Campaigns"
    )
    assert "NEW_TYPE" in advice_on_refusal("NEW_TYPE")
