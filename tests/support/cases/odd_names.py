"""Packages with names that CEP 26 does not allow; see tests/data/README.md."""

from __future__ import annotations

from support.paths import DATA

CASES = DATA / "cases"
DQUOTE, BSLASH = 'dquote-1.0-h"1.conda', "bslash-1.0-h\\1.conda"
BRACES, TILDE = "spheno-4.0.5-{{ organisation }}_h0_0.conda", "tilde-1.0-h~1.conda"
CAMEL, ONE_DASH = "Camel_Case-1.0-0.conda", "libxgboost-0.6+218_omp_0.tar.bz2"
HEALTHY = "healthy-1-0.conda"

_FILES = {
    DQUOTE: "a04-quote-in-file-name/dquote.conda",
    BSLASH: "a04-quote-in-file-name/bslash.conda",
    HEALTHY: "a04-quote-in-file-name/healthy.conda",
    BRACES: "a03-build-string-outside-cep26/spheno.conda",
    TILDE: "a03-build-string-outside-cep26/tilde.conda",
    CAMEL: "a05-upper-case-name/Camel_Case.conda",
    ONE_DASH: "a16-one-dash-file-name/libxgboost.tar.bz2",
}
FILES = (*_FILES,)


def content(file: str) -> bytes:
    """The bytes of the package of this file name."""
    return (CASES / _FILES[file]).read_bytes()
