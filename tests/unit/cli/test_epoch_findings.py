"""What the doctor says of an epoch."""

from typing import get_args, get_type_hints

import pytest

from campaigns.store.epochs import Epoch
from cli.doctor.findings import WHY_AN_EPOCH, of_epoch


@pytest.mark.parametrize("why", get_args(get_type_hints(Epoch)["why"]))
def test_each_reason_for_an_epoch_is_told(why: str) -> None:
    epoch = Epoch(began=1, why=why, walked=False)  # type: ignore[arg-type]  # each of those that it may be
    assert WHY_AN_EPOCH[why] in of_epoch("portal acme", epoch).seen
