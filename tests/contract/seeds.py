"""The facts of HubSpot's two founding pages, row by row, and what proves each; `seed_table.py` prints them.

B is the page "create a batch of campaigns" (2026-03), G the guide to campaigns (v3, of 2025-10-09). A test marked
`seed("B1")` proves a row. If it asks a simulator, the simulator must have counted a request for the row's operation:
`conftest.py` sees to it, so that no test proves a fact by its mark alone.
"""

from collections.abc import Iterable, Mapping
from typing import Final, Literal

import msgspec

Side = Literal["client", "simulator"]
SIDES: Final[tuple[Side, ...]] = ("client", "simulator")

READ: Final = "GET /{campaign}"
CREATE: Final = "POST /"
UPDATE: Final = "PATCH /{campaign}"
DELETE: Final = "DELETE /{campaign}"
FIND: Final = "GET /"
BATCH: Final = "POST /batch/create"
ASSETS: Final = "GET /{campaign}/assets/{asset_type}"
ATTACH: Final = "PUT /{campaign}/assets/{asset_type}/{asset_id}"
DETACH: Final = "DELETE /{campaign}/assets/{asset_type}/{asset_id}"
REVENUE: Final = "GET /{campaign}/reports/revenue"


class Row(msgspec.Struct, frozen=True):
    """One fact.

    Attributes:
        fact: in our words, short.
        operations: as the simulator's stats name them; a test must have asked for one of these. None: whatever it asked.
        waits_for: what is still to be built before the row can be proved; until then it needs no test. G3 alone waits:
            every other row says what HubSpot's API does, which client and simulator show already.

    """

    fact: str
    operations: tuple[str, ...] = ()
    waits_for: str = ""


ROWS: Final[Mapping[str, Row]] = {
    "B1": Row("one POST creates several campaigns", (BATCH,)),
    "B2": Row(
        "`inputs` is required", (BATCH, "POST /batch/read", "POST /batch/update", "POST /batch/archive")
    ),
    "B3": Row("a batch's answer: times, status, results; sometimes more", (BATCH,)),
    "B4": Row("PENDING, PROCESSING, CANCELED, COMPLETE; what is missing is in doubt", (BATCH,)),
    "B5": Row("a result: id, properties, createdAt, updatedAt, businessUnits", (BATCH,)),
    "B6": Row("an item's error, parts of it absent or of another type", (BATCH, "POST /batch/read")),
    "B7": Row("hs_goal is sent, ignored, never returned", (BATCH,)),
    "B8": Row("the token comes from OAuth; scopes decide what it may do"),
    "B9": Row("an account below the tier is refused"),
    "G1": Row("campaigns are created, read, updated, deleted from outside", (CREATE, READ, UPDATE, DELETE)),
    "G2": Row("a campaign gathers assets, such as emails and social posts", (ATTACH,)),
    "G3": Row("campaign data can be transferred to a warehouse", waits_for="the export command"),
    "G4": Row("every endpoint needs the read scope"),
    "G5": Row("every change needs the write scope", (
        CREATE, UPDATE, DELETE, BATCH, "POST /batch/update", "POST /batch/archive", ATTACH, DETACH,
        "POST /{campaign}/budget", "POST /{campaign}/spend",
    )),
    "G6": Row("revenue needs a scope of its own", (REVENUE,)),
    "G7": Row("create answers the GUID and the created properties", (CREATE,)),
    "G8": Row("read by GUID; `properties` has commas", (READ,)),
    "G9": Row("a property without a value is left out", (READ,)),
    "G10": Row("no `properties` gives an empty map", (READ,)),
    "G11": Row("businessUnits names the brand", (CREATE, READ)),
    "G12": Row("both dates bring the metrics of assets", (READ,)),
    "G13": Row("assets: one type a request", (ASSETS,)),
    "G14": Row("assets: the cursor arrives percent-encoded", (ASSETS,)),
    "G15": Row("assets: limit 1 to 100, default 10", (ASSETS,)),
    "G16": Row("assets: both dates bring metrics", (ASSETS,)),
    "G17": Row("AD_CAMPAIGN has no metrics", (ASSETS,)),
    "G18": Row("metrics of BLOG_POST", (ASSETS,)),
    "G19": Row("metrics of SOCIAL_BROADCAST", (ASSETS,)),
    "G20": Row("metrics of WEB_INTERACTIVE", (ASSETS,)),
    "G21": Row("metrics of CTA", (ASSETS,)),
    "G22": Row("metrics of EXTERNAL_WEB_URL", (ASSETS,)),
    "G23": Row("metrics of FORM", (ASSETS,)),
    "G24": Row("metrics of LANDING_PAGE", (ASSETS,)),
    "G25": Row("metrics of MARKETING_EMAIL", (ASSETS,)),
    "G26": Row("metrics of MARKETING_EVENT", (ASSETS,)),
    "G27": Row("metrics of OBJECT_LIST", (ASSETS,)),
    "G28": Row("metrics of SITE_PAGE", (ASSETS,)),
    "G29": Row("metrics of AUTOMATION_PLATFORM_FLOW", (ASSETS,)),
    "G30": Row("metrics of MARKETING_SMS", (ASSETS,)),
    "G31": Row("PUT attaches an asset", (ATTACH,)),
    "G32": Row("DELETE detaches it", (DETACH,)),
    "G33": Row("which types the API attaches: the page's 14, today's 26", (ATTACH,)),
    "G34": Row("other types are attached inside HubSpot", (ATTACH,)),
    "G35": Row("PATCH overwrites the given properties", (UPDATE,)),
    "G36": Row("a read-only or unknown property is a 400", (UPDATE,)),
    "G37": Row("a delete is always 204", (DELETE,)),
    "G38": Row("search: `name` is a substring", (FIND,)),
    "G39": Row("search: three sorts, a hyphen turns one round", (FIND,)),
    "G40": Row("search: `after`; limit 1 to 100, default 50", (FIND,)),
    "G41": Row("search: properties as in a read", (FIND,)),
    "G42": Row("hs_goal was retired on 2025-07-09", (CREATE,)),
    "G43": Row("hs_name: unique, at most 256 characters", (CREATE, UPDATE)),
    "G44": Row("hs_start_date, hs_end_date: YYYY-MM-DD", (CREATE, UPDATE)),
    "G45": Row("hs_notes, hs_audience: text", (CREATE, UPDATE)),
    "G46": Row("hs_currency_code: an ISO code", (CREATE, UPDATE)),
    "G47": Row("hs_campaign_status: five of them", (CREATE, UPDATE)),
    "G48": Row("hs_utm: at most 256 characters", (CREATE, UPDATE)),
    "G49": Row("six properties are read-only", (UPDATE, READ)),
}  # fmt: skip


class Proof(msgspec.Struct, frozen=True):
    """One test of a row, and what became of it."""

    row: str
    test: str
    outcome: Literal["passed", "failed", "skipped"]

    @property
    def name(self) -> str:
        """The test's name, without its parameters."""
        return self.test.split("::", 1)[-1].split("[")[0]

    @property
    def side(self) -> Side:
        """Whose behaviour the test shows: the simulator's own, or the client's and what is built on it."""
        file = self.test.split("::")[0].rsplit("/", 1)[-1]
        return "simulator" if file.startswith(("test_simula", "test_sdk_")) else "client"


class Verdict(msgspec.Struct, frozen=True):
    """What is known of a row: for each side how many tests passed and how many ran; `gap` is "" where it is proved."""

    passed: Mapping[Side, int]
    ran: Mapping[Side, int]
    gap: str = ""


def verdict(row: Row, proofs: Iterable[Proof]) -> Verdict:
    """Judge a row by its tests: both sides have one that passed, and none has one that failed."""
    ran = [proof for proof in proofs if proof.outcome != "skipped"]
    all_of, passed = _by_side(ran), _by_side(proof for proof in ran if proof.outcome == "passed")
    lacking = [side for side in SIDES if not passed[side]]
    failed = dict.fromkeys(proof.name for proof in ran if proof.outcome == "failed")
    gap = ""
    if failed:
        gap = f"failed: {', '.join(failed)}"
    elif lacking and not (row.waits_for and not ran):
        gap = f"no test of the {' or the '.join(lacking)}"
    return Verdict(passed, all_of, gap)


def _by_side(proofs: Iterable[Proof]) -> Mapping[Side, int]:
    sides = [proof.side for proof in proofs]
    return {side: sides.count(side) for side in SIDES}


def left_out(row: Row, asked: Iterable[str]) -> bool:
    """Say whether a test that asked a simulator for these operations asked for none of the row's."""
    asked = set(asked)
    return not asked.intersection(row.operations) if row.operations else not asked
