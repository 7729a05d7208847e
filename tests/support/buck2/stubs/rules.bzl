"""Stand-ins for the prelude's own rules: C and C++ by the toolchain's flags, in the order of the prelude, and small ones."""

load("@stubs//:base.bzl", "DefaultInfo", "RunInfo", "attrs", "cmd_args", "provider", "rule")
load("@prelude//cxx:cxx_toolchain_types.bzl", "CxxToolchainInfo")

# trees: folders of headers; archives and shared libraries in link order; sonames by library
_LibraryInfo = provider(fields = ["trees", "linked", "shared"])

def _by_name(headers, namespace):
    named = headers if type(headers) == "dict" else {header.basename: header for header in headers}
    return {(namespace + "/" if namespace else "") + name: header for name, header in named.items()}

def _compile(ctx, toolchain, trees, pic):
    objects = []
    for source in ctx.attrs.srcs:
        is_c = source.basename.endswith(".c")
        info = toolchain.c_compiler_info if is_c else toolchain.cxx_compiler_info
        object_file = ctx.actions.declare_output("objects/{}{}.{}".format(source.basename, ".pic" if pic else "", toolchain.linker_info.object_file_extension))
        ctx.actions.run(
            cmd_args(
                info.compiler,
                info.preprocessor_flags,
                info.compiler_flags,
                ["-fPIC"] if pic else [],
                ctx.attrs.preprocessor_flags,
                ctx.attrs.compiler_flags,
                [cmd_args(tree, format = "-I{}") for tree in trees],
                "-c",
                source,
                "-o",
                object_file.as_output(),
            ),
            category = "c_compile" if is_c else "cxx_compile",
            identifier = source.basename + (" (pic)" if pic else ""),
        )
        objects.append(object_file)
    return objects

def _libraries(ctx):
    infos = [dependency.at(_LibraryInfo) for dependency in ctx.attrs.deps]
    return struct(
        trees = [tree for info in infos for tree in info.trees],
        linked = [linked for info in infos for linked in info.linked],
        shared = [shared for info in infos for shared in info.shared],
    )

def _cxx_library_impl(ctx):
    toolchain = ctx.attrs._cxx_toolchain.at(CxxToolchainInfo)
    linker = toolchain.linker_info
    deps = _libraries(ctx)
    own = ctx.actions.symlinked_dir("headers", _by_name(ctx.attrs.exported_headers, ctx.attrs.header_namespace))
    private = ctx.actions.symlinked_dir("private_headers", _by_name(ctx.attrs.headers, ctx.attrs.header_namespace))
    trees = [own] + deps.trees
    is_shared = linker.link_style.value == "shared" if ctx.attrs.preferred_linkage == "any" else ctx.attrs.preferred_linkage == "shared"
    objects = _compile(ctx, toolchain, [private] + trees, is_shared)
    if is_shared:
        soname = linker.shared_library_name_format.format(linker.shared_library_name_default_prefix + ctx.label.name)
        output = ctx.actions.declare_output(soname)
        ctx.actions.run(
            cmd_args(linker.linker, linker.linker_flags, "-o", output.as_output(), "-shared", "-Wl,-soname," + soname, objects, deps.linked, linker.post_linker_flags),
            category = "cxx_link_shared_library",
        )
    else:
        output = ctx.actions.declare_output("lib{}.{}".format(ctx.label.name, linker.static_library_extension))
        ctx.actions.run(cmd_args(linker.archiver, "qcsD", output.as_output(), objects), category = "archive")
    return [
        DefaultInfo(default_output = output),
        _LibraryInfo(
            linked = [output] + deps.linked,
            shared = ([output] if is_shared else []) + deps.shared,
            trees = trees,
        ),
    ]

def _cxx_binary_impl(ctx):
    toolchain = ctx.attrs._cxx_toolchain.at(CxxToolchainInfo)
    linker = toolchain.linker_info
    deps = _libraries(ctx)
    is_shared = linker.link_style.value == "shared"
    trees = [ctx.actions.symlinked_dir("private_headers", _by_name(ctx.attrs.headers, ""))] + deps.trees
    objects = _compile(ctx, toolchain, trees, is_shared)
    output = ctx.actions.declare_output(ctx.label.name)
    libraries = []
    rpath = []
    if deps.shared:
        folder = "__{}__shared_libs_symlink_tree".format(ctx.label.name)
        libraries = [ctx.actions.symlinked_dir(folder, {library.basename: library for library in deps.shared})]
        rpath = ["-Wl,-rpath,$ORIGIN/./" + folder]
    ctx.actions.run(
        cmd_args(
            linker.linker,
            linker.linker_flags,
            linker.executable_linker_flags,
            "-o",
            output.as_output(),
            rpath,
            ctx.attrs.linker_flags,
            objects,
            deps.linked,
            linker.post_linker_flags,
        ),
        category = "cxx_link_executable",
    )
    return [
        DefaultInfo(default_output = output, other_outputs = libraries),
        RunInfo(args = cmd_args(output, hidden = libraries)),
    ]

_CXX = {
    "compiler_flags": attrs.list(attrs.string(), default = []),
    "deps": attrs.list(attrs.dep(), default = []),
    "headers": attrs.list(attrs.source(), default = []),
    "linker_flags": attrs.list(attrs.string(), default = []),
    "preprocessor_flags": attrs.list(attrs.string(), default = []),
    "srcs": attrs.list(attrs.source(), default = []),
    "_cxx_toolchain": attrs.toolchain_dep(default = "toolchains//:cxx"),
}

cxx_binary = rule(impl = _cxx_binary_impl, attrs = _CXX)

cxx_library = rule(impl = _cxx_library_impl, attrs = _CXX | {
    "exported_headers": attrs.list(attrs.source(), default = []),
    "header_namespace": attrs.string(default = ""),
    "preferred_linkage": attrs.enum(["any", "shared", "static"], default = "any"),
})

def _alias_impl(ctx):
    return ctx.attrs.actual.providers

alias = rule(impl = _alias_impl, attrs = {"actual": attrs.dep()})

toolchain_alias = rule(impl = _alias_impl, attrs = {"actual": attrs.toolchain_dep()}, is_toolchain_rule = True)

def _export_file_impl(ctx):
    # a copy stands alone in the folder of its target
    copied = ctx.attrs.mode == "copy"
    return [DefaultInfo(default_output = ctx.actions.copy_file(ctx.label.name, ctx.attrs.src) if copied else ctx.attrs.src)]

_export_file = rule(impl = _export_file_impl, attrs = {
    "mode": attrs.enum(["copy", "reference"], default = "copy"),
    "src": attrs.source(),
})

def export_file(name, src = None, mode = "copy", visibility = None):
    _export_file(name = name, src = src or name, mode = mode, visibility = visibility)

native = struct(
    alias = alias,
    cxx_binary = cxx_binary,
    cxx_library = cxx_library,
    export_file = export_file,
    toolchain_alias = toolchain_alias,
)
