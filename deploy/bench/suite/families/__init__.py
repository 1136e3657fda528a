"""The families of rows: each has `rows(bench)`, which measures and yields them."""

from suite.families import footprint, http, large, leases, library, many, opening, signals

FAMILIES = {
    "signals": signals,
    "opening": opening,
    "leases": leases,
    "http": http,
    "library": library,
    "many": many,
    "large": large,
    "footprint": footprint,
}
