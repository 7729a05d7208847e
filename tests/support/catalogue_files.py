"""A file of the catalogue, and what is wrong with one."""

import pytest

from linkmode.catalog.pins import parse
from linkmode.messages import ConfigError

SHA = "0123456789abcdef" * 4


OTHER_SHA = "f" * 64
REVISION = "c" * 40


GOOD = f"""\
schema = 1
family = "musl.cc"
kind = "toolchain"
homepage = "https://musl.cc/"
license = "MIT"

[[advisory]]
id = "CVE-1"
affects = "<11.2.1"
fixed-in = "11.2.1"
summary = "Something."
url = "https://nvd.nist.gov/vuln/detail/CVE-1"

[[pin]]
version = "11.2.1"
file = "x86_64-linux-musl-cross.tgz"
urls = ["https://example.com/a/x86_64-linux-musl-cross.tgz"]
sha256 = "{SHA}"
exec = "x86_64-linux"
layout = "cross"
strip-prefix = "x86_64-linux-musl-cross"
targets = ["x86_64-linux-musl"]
measured = {{ gcc = "11.2.1" }}
confirmations = 2
confirmed-by = ["a/one@{REVISION}:f", "b/two@{REVISION}:g", "someone"]
"""


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text, "toolchains/musl.cc.toml")
    assert caught.value.exit_code == 3
    return str(caught.value)
