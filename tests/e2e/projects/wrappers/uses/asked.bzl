"""A rule that asks a program for its providers, and says which it has."""

load("@rules_cc//cc/common:cc_info.bzl", "CcInfo")
load("@rules_cc//cc/common:debug_package_info.bzl", "DebugPackageInfo")

def _asked_impl(ctx):
    program = ctx.attr.program
    found = [name for name, provider in {
        "cc": CcInfo,
        "debug": DebugPackageInfo,
        "environment": RunEnvironmentInfo,
    }.items() if provider in program]
    sources = program[InstrumentedFilesInfo].instrumented_files.to_list()
    found.append("instrumented:" + ",".join(sorted([file.basename for file in sources])))
    if hasattr(program[OutputGroupInfo], "compilation_outputs"):
        found.append("compilation_outputs")

    # buildifier: disable=print
    print("asked: " + " ".join(found))
    return []

asked = rule(
    doc = "Says what `program` provides.",
    implementation = _asked_impl,
    attrs = {"program": attr.label(doc = "A program.")},
)
