"""A source that a program writes, without a shell."""

def _generated_impl(ctx):
    ctx.actions.run(
        executable = ctx.executable.tool,
        arguments = [ctx.outputs.out.path] + ctx.attr.arguments,
        outputs = [ctx.outputs.out],
        mnemonic = "Generate",
        progress_message = "Writing " + ctx.outputs.out.short_path,
    )

generated = rule(
    doc = "Runs `tool OUT ARGUMENT...`.",
    implementation = _generated_impl,
    attrs = {
        "arguments": attr.string_list(doc = "What follows the output's path."),
        "out": attr.output(mandatory = True, doc = "The file."),
        "tool": attr.label(cfg = "exec", executable = True, mandatory = True, doc = "The program."),
    },
)
