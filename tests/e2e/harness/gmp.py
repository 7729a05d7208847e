"""A workspace whose program computes with GMP, from Debian's source package as a user's own pin; what it must print.

No package index carries GMP's sources. Debian's source archive is the release less documents (its name has +dfsg), and
apt checks it by the signed index; its checksum is held here besides.
"""

import math
import shutil
import tomllib
from decimal import Context, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import tomli_w

from harness import debian, own_archive
from harness.cases import Case
from harness.places import EXAMPLES, STORE, WORK
from harness.workspace import linkmode, pin

_PACKAGE = "gmp=2:6.3.0+dfsg-3"
_FILE = "gmp_6.3.0+dfsg.orig.tar.xz"
_SHA256 = "bd2966e6d277f79328e894a5a9f3ba3fbf2ed2be81def5f48623e30c23fb1572"
_SUITE = "trixie"

BUILD = """
load("@linkmode//:defs.bzl", "link_mode_binary", "link_mode_run", "link_modes")
{load}
package(default_visibility = ["//visibility:public"])

ARM = "@linkmode//platforms:aarch64-linux-musl"

cc_binary(name = "sums", srcs = ["sums.c"], deps = ["@linkmode//lib:gmp"], tags = ["manual"])
cc_binary(name = "inside", srcs = ["inside.c"], deps = ["@linkmode//lib:gmp"], tags = ["manual"])

link_modes(name = "sums_as", binary = ":sums")
link_mode_run(name = "sums_run", binary = ":sums_as_dynamic")
link_mode_binary(name = "sums_pie", binary = ":sums", link_mode = "static", static_pie = True)
link_mode_binary(name = "sums_stripped", binary = ":sums", link_mode = "static", strip = True)
link_mode_binary(name = "sums_aarch64", binary = ":sums", link_mode = "static", platform = ARM)
"""

INSIDE = """
#include "gmp-impl.h"

int main(void) { return 0; }
"""

SUMS = r"""
#include <gmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMBS 4

static void limbs(const char *name, const mp_limb_t *at)
{
    gmp_printf("%s: %Nx\n", name, at, (mp_size_t)LIMBS);
}

int main(void)
{
    mpz_t a, b, c, d;
    mpq_t sum, term;
    mpf_t root;
    gmp_randstate_t state;

    mpz_inits(a, b, c, d, NULL);
    mpz_fac_ui(a, 1000);
    gmp_printf("factorial: %Zd\n", a);

    /* well over the thresholds of the FFT */
    mpz_ui_pow_ui(a, 3, 500000);
    mpz_ui_pow_ui(b, 7, 300000);
    mpz_mul(c, a, b);
    printf("product: %lu limbs, %lu bits set, %lu %lu\n", (unsigned long)mpz_size(c), mpz_popcount(c),
           mpz_fdiv_ui(c, 1000000007), mpz_fdiv_ui(c, 18446744073709551557u));
    mpz_tdiv_qr(d, a, c, b);
    mpz_ui_pow_ui(b, 3, 500000);
    printf("divided: %d %d\n", mpz_cmp(d, b), mpz_sgn(a));
    mpz_mul(a, c, c);
    mpz_sqrtrem(b, d, a);
    printf("root: %d %d, perfect %d\n", mpz_cmp(b, c), mpz_sgn(d), mpz_perfect_square_p(a));
    mpz_add_ui(a, a, 1);
    printf("not perfect: %d\n", mpz_perfect_square_p(a));

    mpz_set_ui(a, 1);
    mpz_mul_2exp(a, a, 521);
    mpz_sub_ui(a, a, 1);
    mpz_set_str(b, "10000000000000000000000000000000000000003", 10);
    mpz_set_ui(c, 7);
    mpz_powm(d, c, b, a);
    gmp_printf("power: %Zx\n", d);
    mpz_powm_sec(b, c, b, a);
    printf("in constant time: %d\n", mpz_cmp(b, d));
    mpz_invert(b, d, a);
    gmp_printf("inverse: %Zx\n", b);
    printf("jacobi: %d %d, prime: %d\n", mpz_jacobi(d, a), mpz_jacobi(c, a), mpz_probab_prime_p(a, 25));

    mpz_fib_ui(a, 2000);
    gmp_printf("fibonacci: %Zd\n", a);
    mpz_bin_uiui(b, 500, 200);
    gmp_printf("binomial: %Zd\n", b);
    mpz_gcd(c, a, b);
    gmp_printf("gcd: %Zd\n", c);
    mpz_ui_pow_ui(a, 10, 50);
    mpz_nextprime(b, a);
    gmp_printf("next prime: %Zd\n", b);
    char *text = mpz_get_str(NULL, 62, b);
    mpz_set_str(c, text, 62);
    printf("base 62: %s %d\n", text, mpz_cmp(b, c));
    free(text);

    mpq_inits(sum, term, NULL);
    for (unsigned long i = 1; i <= 60; i++) {
        mpq_set_ui(term, 1, i);
        mpq_add(sum, sum, term);
    }
    gmp_printf("harmonic: %Qd\n", sum);

    mpf_init2(root, 700);
    mpf_sqrt_ui(root, 2);
    gmp_printf("square root: %.150Ff\n", root);

    int number = 0;
    const int found = gmp_sscanf("-123456789012345678901234567890 of 7", "%Zd of %d", a, &number);
    gmp_printf("scanned: %d, %Zd and %d\n", found, a, number);

    gmp_randinit_mt(state);
    gmp_randseed_ui(state, 42);
    for (int i = 0; i < 2; i++) {
        mpz_urandomb(a, state, 200);
        gmp_printf("random: %Zx\n", a);
    }
    gmp_randclear(state);

    mp_limb_t x[LIMBS], y[LIMBS], z[LIMBS], scratch[64 * LIMBS];
    for (int i = 0; i < LIMBS; i++) {
        x[i] = 0x0123456789abcdefu * (i + 1);
        y[i] = 0xfedcba9876543211u ^ (mp_limb_t)i << 60;
    }
    mpn_and_n(z, x, y, LIMBS), limbs("and", z);
    mpn_andn_n(z, x, y, LIMBS), limbs("andn", z);
    mpn_nand_n(z, x, y, LIMBS), limbs("nand", z);
    mpn_ior_n(z, x, y, LIMBS), limbs("ior", z);
    mpn_iorn_n(z, x, y, LIMBS), limbs("iorn", z);
    mpn_nior_n(z, x, y, LIMBS), limbs("nior", z);
    mpn_xor_n(z, x, y, LIMBS), limbs("xor", z);
    mpn_xnor_n(z, x, y, LIMBS), limbs("xnor", z);
    printf("bits: %lu %lu\n", mpn_popcount(x, LIMBS), mpn_hamdist(x, y, LIMBS));
    mpn_sec_add_1(z, x, LIMBS, 99, scratch), limbs("plus", z);
    mpn_sec_sub_1(z, x, LIMBS, 99, scratch), limbs("minus", z);
    memcpy(z, x, sizeof z);
    y[LIMBS / 2 - 1] |= (mp_limb_t)1 << 63;
    mp_limb_t quotient[LIMBS];
    quotient[LIMBS / 2] = mpn_sec_div_qr(quotient, z, LIMBS, y, LIMBS / 2, scratch);
    memset(quotient + LIMBS / 2 + 1, 0, (LIMBS - LIMBS / 2 - 1) * sizeof *quotient);
    limbs("quotient", quotient);
    memset(z + LIMBS / 2, 0, LIMBS / 2 * sizeof *z);
    limbs("remainder", z);
    memcpy(z, x, sizeof z);
    mpn_sec_div_r(z, LIMBS, y, LIMBS / 2, scratch);
    memset(z + LIMBS / 2, 0, LIMBS / 2 * sizeof *z);
    limbs("remainder alone", z);

    mpq_clears(sum, term, NULL);
    mpf_clear(root);
    mpz_clears(a, b, c, d, NULL);
    return strcmp(gmp_version, "6.3.0");
}
"""

_RANDOM = (
    "c96b33e7bd5438a19c7e2e2691f08dc2c7c8dbb2993e5dcab9",
    "f84339ce4f767496c8e3c6fde1238c359b0c34b824be54373",
)
"""What GMP's Mersenne Twister, seeded with 42, gives twice by 200 bits: printed by Debian's libgmp 6.2.1 for x86_64."""


def expected() -> str:
    """Return what ``SUMS`` must print, computed by Python, whose integers have nothing of GMP; random numbers aside."""
    product = 3**500000 * 7**300000
    modulus, exponent = 2**521 - 1, 10**40 + 3
    power = pow(7, exponent, modulus)
    fibonacci, binomial = _fibonacci(2000), math.comb(500, 200)
    after = next(number for number in range(10**50 + 1, 10**50 + 1000, 2) if _is_prime(number))
    root = Decimal(2).sqrt(Context(prec=151))
    low, high = 2**64, 2**256 - 1
    x = _number(0x0123456789ABCDEF * (i + 1) % low for i in range(4))
    y = _number(0xFEDCBA9876543211 ^ i << 60 for i in range(4))
    divisor = y % 2**128 | 2**127
    return "\n".join(
        (
            f"factorial: {math.factorial(1000)}",
            f"product: {-(-product.bit_length() // 64)} limbs, {product.bit_count()} bits set, "
            f"{product % 1000000007} {product % 18446744073709551557}",
            "divided: 0 0",
            "root: 0 0, perfect 1",
            "not perfect: 0",
            f"power: {power:x}",
            "in constant time: 0",
            f"inverse: {pow(power, -1, modulus):x}",
            f"jacobi: {_jacobi(power, modulus)} {_jacobi(7, modulus)}, prime: 1",
            f"fibonacci: {fibonacci}",
            f"binomial: {binomial}",
            f"gcd: {math.gcd(fibonacci, binomial)}",
            f"next prime: {after}",
            f"base 62: {_in_base_62(after)} 0",
            f"harmonic: {sum(Fraction(1, i) for i in range(1, 61))}",
            f"square root: {root}",
            "scanned: 2, -123456789012345678901234567890 and 7",
            *(f"random: {number}" for number in _RANDOM),
            f"and: {x & y:x}",
            f"andn: {x & ~y & high:x}",
            f"nand: {~(x & y) & high:x}",
            f"ior: {x | y:x}",
            f"iorn: {(x | ~y) & high:x}",
            f"nior: {~(x | y) & high:x}",
            f"xor: {x ^ y:x}",
            f"xnor: {~(x ^ y) & high:x}",
            f"bits: {x.bit_count()} {(x ^ y).bit_count()}",
            f"plus: {x + 99:x}",
            f"minus: {x - 99:x}",
            f"quotient: {x // divisor:x}",
            f"remainder: {x % divisor:x}",
            f"remainder alone: {x % divisor:x}",
            "",
        )
    )


def prepare(workspace: Path, case: Case) -> Path:
    """Return ``workspace``: the toolchains of ``case``, GMP and the program; locked, fetched, generated.

    Raises MissingToolchainsError where sources or toolchains cannot be had.
    """
    shutil.rmtree(workspace, ignore_errors=True)
    workspace.mkdir(parents=True)
    for name in (".bazelignore", ".bazelrc", "MODULE.bazel", "WORKSPACE"):
        shutil.copy(EXAMPLES / case.folder / name, workspace)
    config = tomllib.loads((EXAMPLES / case.folder / "linkmode.toml").read_text(encoding="utf-8"))
    config["library"] = {"gmp": "~=6.3.0"}
    config["pin"] = [*map(pin, case.pins), sources()]
    (workspace / "linkmode.toml").write_text(tomli_w.dumps(config), encoding="utf-8")
    for name, text in (("sums.c", SUMS), ("inside.c", INSIDE)):
        (workspace / name).write_text(text, encoding="utf-8")
    families = {request["family"] for request in config["toolchain"]}
    linkmode(workspace, "lock", *(f"--source={one}" for one in case.sources if one.partition("=")[0] in families))
    linkmode(workspace, "fetch", f"--store={STORE}")
    linkmode(workspace, "generate")
    return workspace


def write_build(workspace: Path, *, bazel: str) -> None:
    """Write the BUILD file for the Bazel of that name: newer ones load the C++ rules."""
    load = "" if bazel == "4.2.3" else 'load("@rules_cc//cc:defs.bzl", "cc_binary")'
    (workspace / "BUILD.bazel").write_text(BUILD.format(load=load), encoding="utf-8")


def sources() -> dict[str, Any]:
    """Return a pin for Debian's archive. Raises MissingToolchainsError where it cannot be had."""
    archive = debian.source(WORK / "gmp", _SUITE, _PACKAGE, _FILE, _SHA256)
    return own_archive.describe(archive, "gmp", "6.3.0", "gmp", "gmp-6.3.0+dfsg")


def _number(limbs: Any) -> int:
    return sum(limb << 64 * i for i, limb in enumerate(limbs))


def _fibonacci(count: int) -> int:
    first, second = 0, 1
    for _ in range(count):
        first, second = second, first + second
    return first


def _is_prime(number: int) -> bool:
    """Whether Fermat's test holds for a few bases, which is enough to find the known prime after a power of ten."""
    return all(pow(base, number - 1, number) == 1 for base in (2, 3, 5, 7, 11))


def _jacobi(number: int, prime: int) -> int:
    return 1 if pow(number, (prime - 1) // 2, prime) == 1 else -1


def _in_base_62(number: int) -> str:
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    text = ""
    while number:
        number, digit = divmod(number, 62)
        text = digits[digit] + text
    return text
