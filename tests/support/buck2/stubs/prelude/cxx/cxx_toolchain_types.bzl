"""The providers of a C++ toolchain, with the fields that linkmode's rules fill."""

LinkerType = enum("gnu", "darwin", "windows", "wasm")
DepTrackingMode = enum("makefile", "show_includes", "show_headers", "none")
PicBehavior = enum("always_enabled", "supported", "not_supported")
RuntimeDependencyHandling = enum("no_symlink", "symlink_single_level_only", "symlink")
ShlibInterfacesMode = enum("disabled", "defined_only", "stub_from_library", "stub_from_linker_invocation")

_COMPILER = ["compiler", "compiler_flags", "compiler_type", "preprocessor_flags"]

AsCompilerInfo = provider(fields = _COMPILER)
AsmCompilerInfo = provider(fields = _COMPILER)
CCompilerInfo = provider(fields = _COMPILER)
CxxCompilerInfo = provider(fields = _COMPILER)
BinaryUtilitiesInfo = provider(fields = ["bolt_msdk", "dwp", "nm", "objcopy", "objdump", "ranlib", "strip"])
CxxInternalTools = provider(fields = ["dep_file_processor"])
CxxPlatformInfo = provider(fields = ["name", "deps_aliases"])

LinkerInfo = provider(fields = [
    "archive_objects_locally",
    "archiver",
    "archiver_supports_argfiles",
    "archiver_type",
    "binary_extension",
    "executable_linker_flags",
    "force_full_hybrid_if_capable",
    "generate_linker_maps",
    "independent_shlib_interface_linker_flags",
    "is_pdb_generated",
    "link_binaries_locally",
    "link_libraries_locally",
    "link_style",
    "link_weight",
    "linker",
    "linker_flags",
    "lto_mode",
    "object_file_extension",
    "post_linker_flags",
    "shared_dep_runtime_ld_flags",
    "shared_library_name_default_prefix",
    "shared_library_name_format",
    "shared_library_versioned_name_format",
    "shlib_interfaces",
    "static_dep_runtime_ld_flags",
    "static_library_extension",
    "static_pic_dep_runtime_ld_flags",
    "type",
    "use_archiver_flags",
])

CxxToolchainInfo = provider(fields = [
    "as_compiler_info",
    "asm_compiler_info",
    "binary_utilities_info",
    "bolt_enabled",
    "c_compiler_info",
    "cpp_dep_tracking_mode",
    "cxx_compiler_info",
    "header_mode",
    "internal_tools",
    "linker_info",
    "pic_behavior",
    "runtime_dependency_handling",
    "use_dep_files",
])
