"""Stand-ins for what Buck2 gives to every file, by its documentation: enough for the rules that linkmode generates.

What a rule's implementation does is carried out here, in Starlark; its actions go to Python as plain data (declare_target,
action and the other functions that have no definition here are Python's, see buck2/__init__.py).
"""

_ANALYSE = "\0analyse"

# --- Providers

def provider(fields, doc = ""):
    number = next_number()
    defaults = {name: None for name in fields} if type(fields) == "list" else {
        name: getattr(field, "default", None)
        for name, field in fields.items()
    }

    def make(*args, **values):
        if args:
            return number
        for name in values:
            if name not in defaults:
                fail("no field {} in a provider of {}".format(name, ", ".join(defaults.keys())))
        return struct(provider_ = number, **(defaults | values))

    return make

def provider_field(_type, default = None):
    return struct(default = default)

def collection(providers, label = None):
    by_number = {one.provider_: one for one in providers}

    def at(wanted):
        number = wanted(_ANALYSE)
        if number not in by_number:
            fail("{} does not provide that".format(label))
        return by_number[number]

    return struct(
        at = at,
        has = lambda wanted: wanted(_ANALYSE) in by_number,
        label = label,
        providers = providers,
    )

_DefaultInfo = provider(fields = ["default_output", "default_outputs", "other_outputs", "sub_targets"])

def DefaultInfo(*args, default_output = None, default_outputs = None, other_outputs = [], sub_targets = {}):
    if args:
        return _DefaultInfo(_ANALYSE)
    if default_output != None and default_outputs != None:
        fail("default_output and default_outputs exclude each other")
    for name in sub_targets:
        for character in name.elems():
            if character not in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_\\/.=,+-":
                fail("not the name of a sub-target: " + name)
    return _DefaultInfo(
        default_outputs = ([default_output] if default_output != None else []) if default_outputs == None else default_outputs,
        other_outputs = other_outputs,
        sub_targets = {name: collection(providers) for name, providers in sub_targets.items()},
    )

_RunInfo = provider(fields = ["args"])

def RunInfo(*args, **values):
    return _RunInfo(_ANALYSE) if args else _RunInfo(args = cmd_args(values.get("args", [])))

ConfigurationInfo = provider(fields = ["constraints", "values"])
ConstraintSettingInfo = provider(fields = ["label"])
ConstraintValueInfo = provider(fields = ["label", "setting"])
PlatformInfo = provider(fields = ["configuration", "label"])
TransitionInfo = provider(fields = ["attrs", "impl"])
ValidationInfo = provider(fields = ["validations"])
ExternalRunnerTestInfo = provider(fields = ["command", "env", "labels", "type"])
PythonBootstrapToolchainInfo_ = provider(fields = ["interpreter"])

def ValidationSpec(name, validation_result, optional = False):
    return struct(name = name, optional = optional, validation_result = validation_result)

# --- Rules and attributes

def _attribute(kind, inner = [], cfg = "", **more):
    values = more.pop("values", None)
    required = more.pop("providers", [])
    more.pop("doc", None)
    has_default = "default" in more
    default = more.pop("default", None)
    if more:
        fail("attrs.{} takes no {}".format(kind, ", ".join(more.keys())))
    return struct(
        required = required,
        schema = struct(
            cfg = cfg,
            default = default,
            has_default = has_default,
            inner = [one.schema for one in inner],
            kind = kind,
            values = values,
        ),
        inner = inner,
    )

attrs = struct(
    arg = lambda **more: _attribute("string", **more),
    bool = lambda **more: _attribute("bool", **more),
    default_only = lambda inner: inner,
    dep = lambda **more: _attribute("dep", **more),
    dict = lambda key, value, **more: _attribute("dict", inner = [key, value], **more),
    enum = lambda values, **more: _attribute("enum", values = list(values), **more),
    exec_dep = lambda **more: _attribute("exec_dep", **more),
    int = lambda **more: _attribute("int", **more),
    list = lambda inner, **more: _attribute("list", inner = [inner], **more),
    option = lambda inner, **more: _attribute("option", inner = [inner], **more),
    source = lambda **more: _attribute("source", **more),
    string = lambda **more: _attribute("string", **more),
    toolchain_dep = lambda **more: _attribute("toolchain_dep", **more),
    transition_dep = lambda cfg, **more: _attribute("transition_dep", cfg = cfg, **more),
)

def rule(impl, attrs, doc = "", is_configuration_rule = False, is_toolchain_rule = False):
    number = new_rule({name: one.schema for name, one in attrs.items()})

    def call(*args, **kwargs):
        if not args:
            declare_target(number, kwargs)
            return None
        ctx = args[1]
        for name, one in attrs.items():
            for wanted in one.required:
                dependency = getattr(ctx.attrs, name)
                if not dependency.has(wanted):
                    fail("{}: {} = {} lacks a provider that it must have".format(ctx.label.raw_target(), name, dependency.label.raw_target()))
        return collection(impl(ctx), ctx.label)

    return call

def analyse(rule, label, values, prefix):
    return rule(_ANALYSE, struct(
        actions = _actions(label, prefix),
        attrs = struct(**values),
        label = target_label(label),
    ))

def target_label(text):
    return struct(
        name = text.rpartition(":")[2],
        raw_target = lambda: text,
        label_ = text,
    )

def select(choices):
    return struct(select_ = choices)

# --- Artifacts and command lines

def artifact(path, inside = None):
    """`inside` is the output that an artifact lies in, where it is a part of one."""
    owner = inside or path
    return struct(
        artifact_ = path,
        as_output = lambda: struct(output_ = path),
        basename = path.rpartition("/")[2],
        owner_ = owner,
        project = lambda part: artifact(path + "/" + part, owner),
        short_path = path,
    )

def cmd_args(*args, hidden = [], format = None, parent = 0, delimiter = None, quote = None, ignore_artifacts = False):
    parts = []

    def add(*more):
        parts.extend(more)
        return None

    add(*args)
    return struct(
        add = add,
        delimiter_ = delimiter,
        format_ = format,
        hidden_ = hidden,
        ignored_ = ignore_artifacts,
        parent_ = parent,
        parts_ = parts,
    )

def _flat(value, into):
    """Adds what a value comes to to into.words, .inputs and .outputs."""
    kind = type(value)
    if kind == "string":
        into.words.append(value)
    elif kind in ["list", "tuple"]:
        for one in value:
            _flat(one, into)
    elif hasattr(value, "output_"):
        into.words.append(value.output_)
        into.outputs.append(value.output_)
    elif hasattr(value, "artifact_"):
        into.words.append(value.artifact_)
        into.inputs.append(value.owner_)
    elif hasattr(value, "parts_"):
        own = struct(inputs = [], outputs = [], words = [])
        _flat(value.parts_, own)
        words = [_parent(word, value.parent_) for word in own.words]
        if value.format_ != None:
            words = [value.format_.format(word) for word in words]
        if value.delimiter_ != None:
            words = [value.delimiter_.join(words)]
        into.words.extend(words)
        into.outputs.extend(own.outputs)
        if not value.ignored_:
            into.inputs.extend(own.inputs)
        unseen = struct(inputs = into.inputs, outputs = into.outputs, words = [])
        _flat(value.hidden_, unseen)
    elif hasattr(value, "args"):
        _flat(value.args, into)
    else:
        fail("no argument of a command: {}".format(value))

def _parent(path, levels):
    for _ in range(levels):
        path = path.rpartition("/")[0]
    return path

def flat(value):
    into = struct(inputs = [], outputs = [], words = [])
    _flat(value, into)
    return into

# --- Actions

def _actions(label, prefix):
    def declare_output(name, dir = False):
        declare(label, prefix + name, dir)
        return artifact(prefix + name)

    def output_of(given):
        return declare_output(given) if type(given) == "string" else artifact(given.output_ if hasattr(given, "output_") else given.artifact_)

    def run(arguments, category, identifier = "", env = {}, local_only = False, prefer_local = False):
        command = flat(arguments)
        action(label, "run", {
            "category": category,
            "env": env,
            "identifier": identifier,
            "inputs": command.inputs,
            "outputs": command.outputs,
            "words": command.words,
        })

    def write(given, content, is_executable = False, allow_args = False):
        output = output_of(given)
        action(label, "write", {
            "inputs": [],
            "outputs": [output.artifact_],
            "text": content if type(content) == "string" else "\n".join(flat(content).words) + "\n",
        })
        return output

    def download_file(output, url, sha256 = None, size_bytes = None, is_executable = False):
        action(label, "download", {"inputs": [], "outputs": [output.output_], "sha256": sha256, "size": size_bytes, "url": url})

    def copy_file(given, source):
        output = output_of(given)
        action(label, "copy", {"inputs": [source.owner_], "outputs": [output.artifact_], "source": source.artifact_})
        return output

    def symlinked_dir(given, sources):
        output = output_of(given)
        action(label, "tree", {
            "files": {name: source.artifact_ for name, source in sources.items()},
            "inputs": [source.owner_ for source in sources.values()],
            "outputs": [output.artifact_],
        })
        return output

    return struct(
        copy_file = copy_file,
        declare_output = declare_output,
        download_file = download_file,
        run = run,
        symlinked_dir = symlinked_dir,
        write = write,
    )
