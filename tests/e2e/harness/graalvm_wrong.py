"""Native images that cannot be built, and what is said of each: for the package `wrong` of examples/graalvm_envmap.

Below them, an image of libraries and options that are hard to pass on: for its package `libraries`.
"""

BUILD = """
load("@linkmode//:defs.bzl", "link_mode_binary", "link_mode_run")
load("@linkmode//graalvm:defs.bzl", "native_image")

native_image(name = "static_args", args = ["--static"], main_class = "EnvMap", deps = ["envmap.jar"], tags = ["manual"])
native_image(name = "output_args", args = ["-o=x"], main_class = "EnvMap", deps = ["envmap.jar"], tags = ["manual"])
native_image(name = "file_args", args = ["@options"], main_class = "EnvMap", deps = ["envmap.jar"], tags = ["manual"])
native_image(name = "jar_args", args = ["-jar", "x"], main_class = "EnvMap", deps = ["envmap.jar"], tags = ["manual"])
native_image(name = "class_file", main_class = "com/example/EnvMap", deps = ["envmap.jar"], tags = ["manual"])
native_image(name = "nothing", main_class = "EnvMap", tags = ["manual"])
native_image(name = "no_class", main_class = "com.example.EnvMap", deps = ["envmap.jar"], tags = ["manual"])
native_image(name = "fine", main_class = "EnvMap", deps = ["envmap.jar"], tags = ["manual"])

[link_mode_binary(name = name + "_static", binary = ":" + name, link_mode = "static", tags = ["manual"]) for name in [
    "static_args",
    "output_args",
    "file_args",
    "jar_args",
    "class_file",
    "nothing",
    "no_class",
]]
link_mode_binary(
    name = "dynamic_musl",
    binary = ":fine",
    link_mode = "dynamic",
    platform = "@linkmode//platforms:x86_64-linux-musl",
    tags = ["manual"],
)
link_mode_run(name = "run_dynamic_musl", binary = ":dynamic_musl", tags = ["manual"])
link_mode_binary(
    name = "mostly_static_musl",
    binary = ":fine",
    link_mode = "mostly_static",
    platform = "@linkmode//platforms:x86_64-linux-musl",
    tags = ["manual"],
)
link_mode_binary(
    name = "static_glibc",
    allow_static_glibc = True,
    binary = ":fine",
    link_mode = "static",
    platform = "@linkmode//platforms:x86_64-linux-gnu.2.28",
    tags = ["manual"],
)
link_mode_binary(
    name = "static_arm",
    binary = ":fine",
    link_mode = "static",
    platform = "@linkmode//platforms:aarch64-linux-musl",
    tags = ["manual"],
)
link_mode_binary(
    name = "mostly_static_arm",
    binary = ":fine",
    link_mode = "mostly_static",
    platform = "@linkmode//platforms:aarch64-linux-gnu.2.28",
    tags = ["manual"],
)
"""

REFUSED = {
    "static_args_static": '//wrong:static_args: args: remove "--static": it follows from link_mode',
    "output_args_static": 'args: remove "-o=x": it follows from the name of the rule',
    "file_args_static": 'args: "@options" names a file of options, which nobody can check',
    "jar_args_static": 'args: remove "-jar": it follows from deps and main_class',
    "class_file_static": 'main_class: "com/example/EnvMap" is no name of a class, such as com.example.App',
    "nothing_static": "//wrong:nothing: name Java sources in srcs, or libraries and jars in deps",
    "mostly_static_musl": "native-image has mostly static images for glibc only, and x86_64-linux-musl is not",
    "static_glibc": "a static native image needs musl, and x86_64-linux-gnu.2.28 is not",
    "static_arm": "GraalVM has its JDK libraries for musl on x86_64 only, so there is no native image for aarch64-",
    "mostly_static_arm": "this one runs on x86_64-linux: build for aarch64-linux-gnu.2.28 on a machine of that CPU",
}

LIBRARIES = {
    "BUILD.bazel": """
load("@linkmode//:defs.bzl", "link_mode_binary")
load("@linkmode//graalvm:defs.bzl", "native_image")
load(":library.bzl", "library")

# as a java_library is seen from outside: its own jar is its file, what that needs at run time is among its runfiles
# the names are such as a file of arguments would have parted, or cut off
library(name = "library", jar = "none of #it.jar", runtime = ["env's \\"map\\".jar"])
native_image(
    name = "of_libraries",
    srcs = ["some #more.java"],
    args = ["--initialize-at-build-time=EnvMap", "--gc=epsilon"],
    env = {"LINKMODE_TEST": "passed on # all of it"},
    main_class = "EnvMap",
    march = "x86-64-v2",
    deps = [":library"],
    tags = ["manual"],
)
link_mode_binary(name = "of_libraries_static", binary = ":of_libraries", link_mode = "static", tags = ["manual"])
""",
    "library.bzl": """
def _library_impl(ctx):
    runfiles = ctx.runfiles(files = [ctx.file.jar] + ctx.files.runtime)
    return [DefaultInfo(files = depset([ctx.file.jar]), runfiles = runfiles)]

library = rule(
    implementation = _library_impl,
    attrs = {"jar": attr.label(allow_single_file = True), "runtime": attr.label_list(allow_files = True)},
)
""",
    "some #more.java": "class More { EnvMap map; }\n",
}
