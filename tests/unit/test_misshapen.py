"""What a reader says is wrong, with what it leaves out."""

from typing import Annotated, Any, Literal

import msgspec
import pytest

from campaigns.misshapen import why

Short = Annotated[str, msgspec.Meta(max_length=3)]


class Row(msgspec.Struct):
    kind: Literal["left", "right"]


class Wish(msgspec.Struct, forbid_unknown_fields=True):
    made: Literal["leave", "undo"] | None = None
    since: Literal["now"] = msgspec.field(name="from", default="now")
    rows: tuple[Row, ...] | None = None
    words: dict[str, Short] = {}
    rank: int | Annotated[str, msgspec.Meta(pattern="^[a-c]$", description="a rank, or its letter")] = 0


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"made": "remove"}, "Invalid enum value 'remove' - at `$.made`; it is leave or undo"),
        ({"from": "then"}, "Invalid enum value 'then' - at `$.from`; it is now"),
        ({"rows": [{"kind": "left"}, {"kind": "up"}]}, "Invalid enum value 'up' - at `$.rows[1].kind`; it is left or right"),
        ({"words": {"a": "b", "c": 1}}, "Expected `str`, got `int` - at `$.words.c`"),
        ({"words": {"a": "b", "d e": "long"}}, "Expected `str` of length <= 3 - at `$.words.d e`"),
        ({"rank": "d"}, "Expected a rank, or its letter - at `$.rank`"),
        ({"rank": 1.5}, "Expected a rank, or its letter - at `$.rank`"),
        ({"made": 1}, "Expected `str | null`, got `int` - at `$.made`"),
        ({"words": 7}, "Expected `object`, got `int` - at `$.words`"),
        ({"other": 7}, "Object contains unknown field `other`"),
    ],
)  # fmt: skip
def test_what_stands_in_the_wrong_place_is_told_with_what_can_stand_there(told: dict[str, Any], said: str) -> None:
    with pytest.raises(msgspec.ValidationError) as wrong:
        msgspec.convert(told, Wish)
    assert why(wrong.value, Wish, told) == said


def test_what_is_no_json_keeps_its_words() -> None:
    with pytest.raises(msgspec.DecodeError) as wrong:
        msgspec.json.decode(b'{"made"', type=Wish)
    assert why(wrong.value, Wish) == "Input data was truncated"
