"""Drafts a template's parameters from the options that a program declares with argparse, without running it.

Stand-alone, Python 3.8 or later, standard library only. Run as `python -I -S argparse_options.py FILE...`; the answer:

    {"parameters": [{"name": "input", "label": "Input", "helpText": "The file to read.", "paramType": "GCS_READ_FILE"}],
     "warnings": ["main.py:12: …"]}

The parameters are in the form of a Flex Template's metadata, in the order of the source, each name once. What the source
says only as it runs is left out, and a warning names the place, since a person will read the draft. Options that are Beam's
own are left out without a word: launches set them apart from parameters.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import warnings
from collections.abc import Iterator
from typing import Any, Dict, NamedTuple

ADDING = {"add_argument", "add_value_provider_argument"}

# Options of Beam and its runners that programs declare again. Those with names of everyday (labels, update) are not here.
BEAM_OPTIONS = set(
    """
    autoscaling_algorithm beam_services dataflow_endpoint dataflow_service_options dataflow_kms_key
    default_sdk_harness_log_level direct_num_workers direct_running_mode disk_size_gb enable_streaming_engine
    environment_config environment_type experiment experiments extra_package extra_packages flexrs_goal flink_master
    flink_version impersonate_service_account job_endpoint job_name job_port machine_type max_num_workers min_cpu_platform
    network no_use_public_ips num_workers number_of_worker_harness_threads parallelism pickle_library prism_location project
    region requirements_cache requirements_file runner save_main_session sdk_container_image sdk_location
    service_account_email setup_file spark_master_url staging_location streaming subnetwork temp_location template_location
    transform_name_mapping update_compatibility_version use_public_ips worker_disk_type worker_harness_container_image
    worker_machine_type worker_region worker_zone
    """.split()
)

VALID_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\Z")
INTEGER = "^-?[0-9]+$"
NUMBER = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$"

# Actions of options that stand without a value.
SWITCHES = {"store_true", "store_false", "store_const", "append_const", "count", "BooleanOptionalAction"}
SECRET_WORDS = {"password", "passwd", "secret", "token", "apikey", "credential", "credentials"}
FILE_WORDS = {"file", "files", "path", "paths", "pattern", "glob", "prefix"}
WRITING = re.compile(r"\b(writ|creat|stor|sav|output|result)", re.IGNORECASE)
# What inputs and outputs may be instead of files.
NO_FILE = re.compile(r"topic|subscription|pub/?sub|bigquery|table|dataset|kafka|quer(y|ies)\b|database", re.IGNORECASE)

Parameter = Dict[str, Any]


class Unknown(Exception):
    """An expression whose value only running the program would tell."""


class Draft:
    """What was found so far, in all files."""

    def __init__(self) -> None:
        self.parameters: list[Parameter] = []
        self.places: dict[str, str] = {}
        self.warnings: list[str] = []

    def add(self, parameter: Parameter, place: str) -> None:
        """Adds a parameter, unless one of its name is there."""
        name = parameter["name"]
        if name not in self.places:
            self.places[name] = place
            self.parameters.append(parameter)
        elif parameter not in self.parameters:
            self.warn(place, f"--{name} is declared differently at {self.places[name]}, which is the one used")

    def warn(self, place: str, message: str) -> None:
        self.warnings.append(f"{place}: {message}")


class Option(NamedTuple):
    """One call that declares an option: where it is, its names, and its settings as expressions."""

    place: str
    names: list[str]
    settings: dict[str, ast.expr]
    constants: dict[str, ast.expr]

    def value(self, setting: str, absent: Any = None) -> Any:
        """The value of a setting; raises Unknown."""
        return evaluate(self.settings[setting], self.constants) if setting in self.settings else absent

    def word(self, setting: str) -> str:
        """A setting that is a name or a text, such as `int`, `pathlib.Path` or "store_true": its last part."""
        expression = self.settings.get(setting)
        if isinstance(expression, ast.Constant):
            return str(expression.value)
        return getattr(expression, "attr", getattr(expression, "id", ""))


def read_file(path: str, draft: Draft) -> None:
    """Adds the options that one file declares."""
    try:
        with open(path, "rb") as file:
            tree = ast.parse(file.read(), path)
    except SyntaxError as error:
        draft.warn(f"{path}:{error.lineno or 1}", f"not read, since it is no valid Python: {error.msg}")
        return
    except (OSError, ValueError) as error:
        draft.warn(path, f"not read: {error}")
        return
    constants = dict(single_assignments(tree))
    for call in calls(tree):
        place = f"{path}:{call.lineno}"
        if call.func.attr == "add_subparsers":
            draft.warn(place, "the program has subcommands, which a template cannot give: it passes options alone")
        elif call.func.attr in ADDING:
            read_call(call, place, constants, draft)


def calls(tree: ast.AST) -> list[Any]:
    """All calls of methods, in the order of the source."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    return sorted(found, key=lambda call: (call.lineno, call.col_offset, call.end_lineno, call.end_col_offset))


def single_assignments(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """The names that the module assigns once, with what they get."""
    assigned: dict[str, list[ast.expr]] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets, value = [node.target], node.value
        else:
            continue
        for target in targets:
            if isinstance(target, ast.Name):
                assigned.setdefault(target.id, []).append(value)
    return ((name, values[0]) for name, values in assigned.items() if len(values) == 1)


def read_call(call: ast.Call, place: str, constants: dict[str, ast.expr], draft: Draft) -> None:
    """Adds the option that one call declares, if a template can pass it."""
    try:
        names = [evaluate(argument, constants) for argument in call.args]
    except Unknown:
        draft.warn(place, "the name of this option is made as the program runs: add its parameter by hand")
        return
    if any(keyword.arg is None for keyword in call.keywords):
        draft.warn(place, f"some settings of {', '.join(map(str, names))} are made as the program runs")
    settings = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg is not None}
    option = Option(place, [name for name in names if isinstance(name, str)], settings, constants)
    name = parameter_name(option, draft)
    if name is not None:
        parameter = describe(option, name, draft)
        if parameter is not None:
            draft.add(parameter, place)


def parameter_name(option: Option, draft: Draft) -> str | None:
    """The first long name without its dashes, or None where a template is not to pass the option."""
    if option.word("action") in {"help", "version"} or option.word("help") == "SUPPRESS":
        return None
    long_names = [name[2:] for name in option.names if name.startswith("--")]
    if not long_names:
        kind = "an option without a long name" if any(name.startswith("-") for name in option.names) else "positional"
        draft.warn(option.place, f"{', '.join(option.names)} is {kind} and left out: a template passes --name=value")
        return None
    name = long_names[0]
    if name.replace("-", "_") in BEAM_OPTIONS:
        return None
    if not VALID_NAME.match(name):
        draft.warn(option.place, f"--{name} is left out: a parameter cannot have such a name")
        return None
    return name


def describe(option: Option, name: str, draft: Draft) -> Parameter | None:
    """The parameter of an option, or None where `--name=value` cannot give it what it takes."""

    def known(setting: str, absent: Any = None) -> Any:
        try:
            return option.value(setting, absent)
        except Unknown:
            draft.warn(option.place, f"{setting} of --{name} is made as the program runs and left out")
            return absent

    count = known("nargs")
    if isinstance(count, int) and count != 1:
        draft.warn(option.place, f"--{name} takes {count} values and is left out: a parameter is one value")
        return None
    if count in ("*", "+") or option.word("action") in {"append", "extend"}:
        draft.warn(option.place, f"--{name} takes several values, but a parameter gives it one")

    choices, default = known("choices"), known("default")
    choices = list(choices) if isinstance(choices, (list, tuple, dict, str)) else []
    words = words_of(name)
    switch = option.word("action") in SWITCHES
    help_text = expand_help(known("help"), default, choices) or make_sentence(words, switch)
    parameter: Parameter = {"name": name, "label": " ".join(words).capitalize(), "helpText": help_text}
    if switch or not known("required", False):
        parameter["isOptional"] = True

    if switch:
        parameter.update(paramType="BOOLEAN", defaultValue="false", customMetadata={"tmpl.pass": "switch"})
        if option.word("action") == "BooleanOptionalAction" and default:
            draft.warn(option.place, f"--{name} is on by default, and a template can only leave it so: there is --no-{name}")
        return parameter
    parameter.update(value_type(option.word("type"), choices, words, help_text))
    if default is not None and not isinstance(default, (list, tuple, dict)):
        parameter["defaultValue"] = spell(default)
    if option.word("type") == "bool":
        draft.warn(option.place, f"--{name} has type=bool, which takes every text but the empty one for true, false as well")
    if not SECRET_WORDS.isdisjoint(words):
        draft.warn(
            option.place,
            f"--{name} seems to be a secret, and arguments can be read by others on the machine: let the program read it "
            "from its environment, and set tmpl.secret and tmpl.pass",
        )
    return parameter


def value_type(type_name: str, choices: list[Any], words: list[str], help_text: str) -> Parameter:
    """What the option's type and choices, or else its name and help, say about its values."""
    if choices:
        values = [spell(choice) for choice in choices]
        return {
            "paramType": "ENUM",
            "regexes": [f"^({'|'.join(map(escape, values))})$"],
            "enumOptions": [{"value": value} for value in values],
        }
    if type_name in {"int", "float"}:
        return {"paramType": "NUMBER", "regexes": [INTEGER if type_name == "int" else NUMBER]}
    if "bool" in type_name.lower():
        return {"paramType": "BOOLEAN", "regexes": ["^(true|false)$"]}
    file_type = None if type_name not in {"", "str", "Path"} else type_of_file(words, help_text)
    return {"paramType": file_type} if file_type else {}


def type_of_file(words: list[str], help_text: str) -> str | None:
    """Whether an option names files to read or to write, where its name says so and its help does not contradict."""
    if NO_FILE.search(" ".join(words)) or NO_FILE.search(help_text):
        return None
    for word, param_type in (("input", "GCS_READ_FILE"), ("output", "GCS_WRITE_FILE")):
        if words == [word] or (words[0] == word and words[-1] in FILE_WORDS):
            return param_type
    if len(words) > 1 and words[-1] in {"file", "files"}:
        return "GCS_WRITE_FILE" if WRITING.search(f"{' '.join(words)} {help_text}") else "GCS_READ_FILE"
    return None


def words_of(name: str) -> list[str]:
    """max, orders of max_orders, max-orders and maxOrders."""
    separated = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    return re.sub(r"[_.-]+", " ", separated).lower().split() or [name]


def make_sentence(words: list[str], switch: bool) -> str:
    """A help text for an option without one."""
    name = " ".join(words)
    return f"Turns on: {name}." if switch else f"The {name}."


def expand_help(text: Any, default: Any, choices: list[Any]) -> str:
    """The help as argparse shows it, in one line; without the brackets that tell a default which is not known."""
    if not isinstance(text, str):
        return ""
    if default is None:
        text = re.sub(r"\s*[(\[][^()\[\]]*%\(default\)s[^()\[\]]*[)\]]", "", text)
    facts = {
        "default": "none" if default is None else spell(default),
        "choices": ", ".join(map(spell, choices)),
    }
    expanded = re.sub(r"%(?:\((\w+)\)[sdr]|%)", lambda match: facts.get(match[1], "") if match[1] else "%", text)
    return " ".join(expanded.split())


def spell(value: Any) -> str:
    """A value as it is written on a command line."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def escape(text: str) -> str:
    """The text as a regular expression, in what every engine understands; re.escape escapes more."""
    return re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", text)


def evaluate(expression: ast.AST, constants: dict[str, ast.expr], depth: int = 0) -> Any:
    """The value of an expression made of literals and constants of the module; raises Unknown for any other."""
    if depth > 50:
        raise Unknown

    def inner(part: ast.AST) -> Any:
        return evaluate(part, constants, depth + 1)

    if isinstance(expression, ast.Constant):
        return expression.value
    if isinstance(expression, ast.Name) and expression.id in constants:
        return inner(constants[expression.id])
    if isinstance(expression, ast.List):
        return [inner(item) for item in expression.elts]
    if isinstance(expression, ast.Tuple):
        return tuple(inner(item) for item in expression.elts)
    if isinstance(expression, ast.Set):
        return sorted(map(inner, expression.elts), key=str)
    if isinstance(expression, ast.Dict):
        return {inner(key): None for key in expression.keys if key is not None}
    if isinstance(expression, ast.UnaryOp) and isinstance(expression.op, ast.USub):
        return negate(inner(expression.operand))
    if isinstance(expression, ast.BinOp) and isinstance(expression.op, ast.Add):
        return add(inner(expression.left), inner(expression.right))
    if isinstance(expression, ast.JoinedStr):
        return "".join(map(spell, map(inner, expression.values)))
    if isinstance(expression, ast.FormattedValue) and expression.conversion == -1 and expression.format_spec is None:
        return inner(expression.value)
    if isinstance(expression, ast.Call) and not expression.keywords:
        return evaluate_call(expression, inner)
    raise Unknown


def evaluate_call(call: ast.Call, inner: Any) -> Any:
    """The few calls that choices are made with: list(x), sorted(x), range(n), x.keys()."""
    arguments = [inner(argument) for argument in call.args]
    name = getattr(call.func, "id", "")
    try:
        if name in {"list", "tuple"} and len(arguments) == 1:
            return list(arguments[0])
        if name in {"sorted", "set", "frozenset"} and len(arguments) == 1:
            return sorted(arguments[0])
        if name == "range" and arguments and len(range(*arguments)) <= 100:
            return list(range(*arguments))
    except (TypeError, ValueError, OverflowError):
        raise Unknown from None
    if isinstance(call.func, ast.Attribute) and call.func.attr == "keys" and not arguments:
        return list(inner(call.func.value))
    raise Unknown


def negate(value: Any) -> Any:
    if isinstance(value, (int, float)):
        return -value
    raise Unknown


def add(left: Any, right: Any) -> Any:
    if type(left) is type(right) and isinstance(left, (str, list, tuple)):
        return left + right
    raise Unknown


def main(paths: list[str]) -> None:
    """Prints the draft of all files."""
    warnings.simplefilter("ignore")
    draft = Draft()
    for path in paths:
        read_file(path, draft)
    json.dump({"parameters": draft.parameters, "warnings": draft.warnings}, sys.stdout, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main(sys.argv[1:])
