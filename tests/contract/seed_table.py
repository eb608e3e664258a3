"""A plugin of pytest for `make seeds`: prints the rows of the founding pages with their tests, and fails on a gap."""

from collections.abc import Iterable, Mapping
from typing import Final

import pytest

from tests.contract.seeds import ROWS, SIDES, Proof, Verdict, verdict


class SeedTable:
    """Collects what becomes of the marked tests; under xdist the workers run them and this process hears of it."""

    def __init__(self) -> None:
        self._proofs: dict[tuple[str, str], Proof] = {}

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note one phase of a test: a failure in any phase is a failure, a pass is one only in the call."""
        for name, row in report.user_properties:
            if name != "seed" or (report.when != "call" and report.outcome == "passed"):
                continue
            known = self._proofs.get((str(row), report.nodeid))
            if known is None or known.outcome != "failed":
                self._proofs[str(row), report.nodeid] = Proof(str(row), report.nodeid, report.outcome)

    def verdicts(self) -> Mapping[str, Verdict]:
        """Judge every row, and every row that tests are marked with and that does not exist."""
        proofs = list(self._proofs.values())
        known = {name: verdict(row, [proof for proof in proofs if proof.row == name]) for name, row in ROWS.items()}
        nobodys = {proof.row for proof in proofs} - set(ROWS)
        nothing = dict.fromkeys(SIDES, 0)
        return known | {name: Verdict(nothing, nothing, "there is no such row") for name in sorted(nobodys)}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Iterable[None]:
        """End in failure if a row is not proved."""
        is_worker = hasattr(session.config, "workerinput")  # of xdist: it has run a part of the tests
        if not is_worker and any(told.gap for told in self.verdicts().values()):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        return (yield)

    @pytest.hookimpl
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table."""
        terminalreporter.section("the founding pages, row by row")
        for line in lines(self.verdicts(), self._proofs.values() if terminalreporter.verbosity > 0 else ()):
            terminalreporter.write_line(line)


WIDEST: Final = max(len(row.fact) for row in ROWS.values())


def lines(verdicts: Mapping[str, Verdict], proofs: Iterable[Proof]) -> Iterable[str]:
    """Write the table: for each side tests passed / tests run; under each row *proofs*, if they are given."""
    yield f"{'row':5}{'fact':{WIDEST}}  {'client':>8}{'simulator':>11}  verdict"
    for name, told in verdicts.items():
        row = ROWS.get(name)
        client, simulator = [f"{told.passed[side]}/{told.ran[side]}" for side in SIDES]
        waits = f"waits for {row.waits_for}" if row and row.waits_for and not sum(told.ran.values()) else "proved"
        yield f"{name:5}{row.fact if row else '':{WIDEST}}  {client:>8}{simulator:>11}  {told.gap or waits}"
        for proof in sorted((one for one in proofs if one.row == name), key=lambda one: one.test):
            yield f"     {proof.outcome:7} {proof.test}"
    gaps = sum(bool(told.gap) for told in verdicts.values())
    waiting = sum(not told.gap and not sum(told.ran.values()) for told in verdicts.values())
    yield f"{len(verdicts)} rows: {len(verdicts) - gaps - waiting} proved, {gaps} with a gap, {waiting} waiting"


def pytest_configure(config: pytest.Config) -> None:
    """Take part in the session."""
    config.pluginmanager.register(SeedTable())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the reports of a test tell its rows."""
    for item in items:
        item.user_properties += [("seed", mark.args[0]) for mark in item.iter_markers("seed")]
