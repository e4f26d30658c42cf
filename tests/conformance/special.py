"""Valid calls of ``special``: of what is not a function at the top level too."""

from __future__ import annotations

from .calls import Call, call, fixed, normal, positive, within

SPECIAL: dict[str, list[Call]] = {
    **{name: [call("abc")] for name in ("erfcx", "i0e", "i1", "i1e", "log_ndtr", "ndtr")},
    **{
        name: [call(fixed(normal("abc")))]
        for name in ("modified_bessel_i0", "modified_bessel_i1", "spherical_bessel_j0")
    },
    **{name: [call(fixed(positive("ab")), positive("b"))] for name in ("gammainc", "gammaincc")},
    "entr": [call(positive("abc"))],
    "ndtri": [call(within("abc", 0.05, 0.95))],
    "xlog1py": [call("ab", positive("b")), call(positive("ab"), 2.0)],
    "zeta": [call(fixed(within("ab", 1.5, 4)), positive("b"))],
}
