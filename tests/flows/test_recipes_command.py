"""`fanfare recipes check` and `plan`, without a service, Redis or HubSpot."""

from pathlib import Path

from typer.testing import CliRunner, Result

from cli.main import app

EXAMPLES = Path(__file__).parents[2] / "examples"
BROKEN = Path(__file__).parents[1] / "unit" / "recipes" / "broken"


def fanfare(*words: object) -> Result:
    return CliRunner().invoke(app, ["recipes", *map(str, words)])


def test_the_examples_can_be_used_together() -> None:
    told = fanfare("check", EXAMPLES)
    assert (told.exit_code, told.output.splitlines()[-1][-16:]) == (0, "they can be used")


def test_a_broken_recipe_is_named_with_file_and_line_and_fails() -> None:
    told = fanfare("check", EXAMPLES, BROKEN / "05-braces-open.toml")
    assert told.exit_code == 1
    assert f"{BROKEN / '05-braces-open.toml'}:10: hs_notes: the template cannot be read" in told.output


def test_a_warning_does_not_fail(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text('[[recipes]]\non = "x"\nproperties = { hs_name = "x" }')
    told = fanfare("check", tmp_path)
    assert (told.exit_code, "warning: no `portal`" in told.output) == (0, True)


def test_what_cannot_be_read_is_no_recipe(tmp_path: Path) -> None:
    assert fanfare("check", tmp_path).exit_code == 1
    assert fanfare("check", tmp_path / "missing.toml").exit_code == 1


def test_a_plan_is_the_calls_that_would_be_made() -> None:
    told = fanfare("plan", EXAMPLES, EXAMPLES / "product-launched.json", "--zone", "Europe/Berlin")
    calls = [line.split(" ")[:2] for line in told.output.splitlines()[2:]]
    assert told.exit_code == 0
    base = "/marketing/campaigns/2026-03"
    assert calls == [
        ["POST", base],
        ["PUT", f"{base}/{{campaign}}/assets/MARKETING_EMAIL/71001"],
        ["PUT", f"{base}/{{campaign}}/assets/SOCIAL_BROADCAST/71002"],
        ["PUT", f"{base}/{{campaign}}/assets/LANDING_PAGE/71003"],
        ["POST", f"{base}/{{campaign}}/budget"],
    ]


def test_a_plan_for_a_subject_that_has_a_campaign_changes_that() -> None:
    told = fanfare("plan", EXAMPLES, EXAMPLES / "product-launched.json", "--campaign", "77")
    assert "PATCH /marketing/campaigns/2026-03/77 " in told.output
    assert "POST /marketing/campaigns/2026-03 " not in told.output


def test_a_trigger_that_lacks_what_the_recipe_needs_has_no_plan(tmp_path: Path) -> None:
    (tmp_path / "trigger.json").write_text('{"type": "product.launched", "subject": "s", "data": {}}')
    told = fanfare("plan", EXAMPLES, tmp_path / "trigger.json")
    assert told.exit_code == 1
    assert "data.name" in told.output
