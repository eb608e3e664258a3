"""GET /v1/recipes: what is in force, for whoever may name the portal that a recipe names."""

from typing import Any

import msgspec
from litestar import Request, get
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler

from campaigns.recipes import Book, Recipe
from service.answers import Answer, told
from service.auth import Callers

AnyRequest = Request[Any, Any, State]


class RecipesView(msgspec.Struct, frozen=True):
    """The recipes, as their authors wrote them."""

    recipes: tuple[Recipe, ...]


def route(callers: Callers, book: Book) -> HTTPRouteHandler:
    """The handler of recipes."""

    async def every(request: AnyRequest) -> Answer:
        caller = callers.asking(request.scope["headers"])
        caller.needs("read")
        return told(RecipesView(tuple(one for one in book.all if one.portal is None or one.portal in caller.portals)))

    return get("/v1/recipes")(every)
