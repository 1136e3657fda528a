"""The families of rows: each has `rows(bench)`, which measures and yields them."""

from suite.families import aeron, bridge, footprint, http, large, leases, library, many, opening, signals, spin, threads

FAMILIES = {
    "signals": signals,
    "spin": spin,
    "opening": opening,
    "leases": leases,
    "http": http,
    "library": library,
    "aeron": aeron,
    "threads": threads,
    "bridge": bridge,
    "many": many,
    "large": large,
    "footprint": footprint,
}
