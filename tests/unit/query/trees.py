"""Trees of queries, for hypothesis to draw from."""

import string

from hypothesis import strategies as st

from ddllm.query.ast import (
    Binary,
    Both,
    Call,
    Either,
    Everything,
    Expression,
    Keys,
    Keyword,
    Method,
    Name,
    Negative,
    Not,
    Number,
    OneOf,
    Query,
    Quoted,
    Scope,
    Tag,
)
from ddllm.query.functions import FUNCTIONS

LETTERS = st.text(string.ascii_lowercase, min_size=1, max_size=5)
NAMES = st.from_regex(r"[a-z]\w{0,6}", fullmatch=True).filter(str.isascii)
RESERVED = {"and", "or", "not", "in", "by"}
KEYS = st.from_regex(r"[a-z_@$][a-z0-9_.\-/]{0,6}", fullmatch=True).filter(lambda key: key not in RESERVED)
VALUES = st.from_regex(r"[a-z0-9_.\-/:*]{0,8}", fullmatch=True)
TAGS = st.builds(Tag, KEYS, st.none() | VALUES)
ONE_OF = st.builds(OneOf, KEYS, st.lists(KEYS, min_size=1, max_size=3).map(tuple))


def nested(inner: st.SearchStrategy[Scope]) -> st.SearchStrategy[Scope]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.builds(Not, inner) | st.builds(Both, several) | st.builds(Either, several)


SCOPES = st.recursive(TAGS | ONE_OF | st.just(Everything()), nested, max_leaves=8)
TEXTS = st.builds(Quoted, st.text(string.ascii_letters + " /_,{}()")) | st.builds(
    Quoted, st.from_regex(r"([a-z: ]|\\.|')*", fullmatch=True), st.just('"')
)
BARE = st.from_regex(r"[a-z0-9+\-.]{1,6}", fullmatch=True)
KEYWORDS = st.builds(Keyword, NAMES, BARE | TEXTS)
METHODS = (
    st.builds(Method, st.sampled_from(["as_count", "as_rate", "weighted"]))
    | st.builds(Method, st.just("rollup"), st.lists(BARE | TEXTS, min_size=1, max_size=4).map(tuple))
    | st.builds(Method, st.just("fill"), st.lists(BARE | TEXTS, min_size=1, max_size=2).map(tuple))
)
QUERIES = st.builds(
    Query,
    st.none() | st.sampled_from(["sum", "avg", "count", "p95", "p99.9"]),
    st.lists(LETTERS, min_size=1, max_size=3).map(".".join),
    SCOPES,
    st.lists(KEYS, max_size=2).map(tuple),
    st.lists(METHODS, max_size=2).map(tuple),
)


def calls(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    """Calls with as many arguments as their function takes, where words are not checked."""
    others = inner | TEXTS | st.builds(Keys, st.lists(KEYS, min_size=1, max_size=2).map(tuple))

    @st.composite
    def call(draw: st.DrawFn) -> Expression:
        name = draw(st.sampled_from(sorted(FUNCTIONS)))
        function = FUNCTIONS[name]
        most = min((function.most, *function.words))
        arguments = [draw(inner), *draw(st.lists(others, min_size=function.least - 1, max_size=most - 1))]
        return Call(name, (*arguments, *draw(st.lists(KEYWORDS, max_size=2))))

    return call()


EXPRESSIONS = st.recursive(
    QUERIES | st.builds(Number, st.floats(min_value=0, max_value=1e12)) | st.builds(Name, NAMES),
    lambda inner: st.builds(Negative, inner) | st.builds(Binary, st.sampled_from("+-*/"), inner, inner) | calls(inner),
    max_leaves=6,
)
