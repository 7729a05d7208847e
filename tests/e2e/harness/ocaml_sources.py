"""OCaml targets whose sources are generated, rewritten or registered: the package `made` of examples/ocaml_fserv."""

BUILD = """
load("@linkmode//ocaml:defs.bzl", "ocaml_lex", "ocaml_library", "ocaml_ppx", "ocaml_test", "ocaml_yacc")

MANUAL = ["manual"]

ocaml_lex(name = "lexer", src = "lexer.mll", tags = MANUAL)
ocaml_yacc(name = "parser", src = "parser.mly", tags = MANUAL)
ocaml_library(name = "calc", srcs = ["calc.ml", ":lexer", ":parser"], tags = MANUAL)

ocaml_ppx(name = "text", kind = "text", srcs = ["text.ml"], arguments = ["6 * 7"])
ocaml_ppx(name = "quoted", srcs = ["quoted.ml"], deps = ["@linkmode//ocaml:compiler_libs"])
ocaml_library(
    name = "rewritten",
    srcs = ["formula.ml", "formula.mli"],
    preprocess = [":text", ":quoted"],
    tags = MANUAL,
)

cc_library(name = "stubs", srcs = ["stubs.c"], tags = MANUAL, deps = ["@linkmode//ocaml:headers"])
ocaml_library(name = "plugins", srcs = ["first.ml", "registry.ml", "second.ml"], tags = MANUAL, wrapped = False)
ocaml_library(name = "names", srcs = ["theirs.ml", "util.ml"], tags = MANUAL, wrapped = False)

ocaml_test(
    name = "made_test",
    srcs = ["made_test.ml", "own/util.ml"],
    linkall = True,
    deps = [":calc", ":names", ":plugins", ":rewritten", ":stubs", "@linkmode//ocaml:threads"],
)
"""

SOURCES = {
    "BUILD.bazel": BUILD,
    "lexer.mll": """{ open Parser }
rule token = parse
| ' ' { token lexbuf }
| ['0'-'9']+ as digits { NUMBER (int_of_string digits) }
| '+' { PLUS }
| '*' { TIMES }
| eof { END }
""",
    "parser.mly": """%token <int> NUMBER
%token PLUS TIMES END
%left PLUS
%left TIMES
%start formula
%type <int> formula
%%
formula: sum END { $1 };
sum: NUMBER { $1 } | sum PLUS sum { $1 + $3 } | sum TIMES sum { $1 * $3 };
""",
    "calc.ml": "let value text = Parser.formula Lexer.token (Lexing.from_string text)\n",
    # a preprocessor of text, as `ocamlopt -pp` has it
    "text.ml": """let () =
  let channel = open_in Sys.argv.(2) in
  try
    while true do
      let line = input_line channel in
      print_endline (if line = "FORMULA" then Printf.sprintf "let text = [%%quoted %s]" Sys.argv.(1) else line)
    done
  with End_of_file -> ()
""",
    # a rewriter, as `ocamlopt -ppx` has it: [%quoted e] is the text of e
    "quoted.ml": """open Parsetree

let expr (mapper : Ast_mapper.mapper) expression =
  match expression.pexp_desc with
  | Pexp_extension ({ txt = "quoted"; _ }, PStr [ { pstr_desc = Pstr_eval (inner, _); _ } ]) ->
      Ast_helper.Exp.constant (Ast_helper.Const.string (Pprintast.string_of_expression inner))
  | _ -> Ast_mapper.default_mapper.expr mapper expression

let () = Ast_mapper.run_main (fun _ -> { Ast_mapper.default_mapper with expr })
""",
    "formula.ml": "FORMULA\n",
    "formula.mli": "val text : string\n",
    "stubs.c": """#include <caml/mlvalues.h>
#include <caml/socketaddr.h>
#include <caml/threads.h>
#include <caml/unixsupport.h>
#include <errno.h>

value stubs_fail(value unit) {
    union sock_addr_union address = {0};
    address.s_gen.sa_family = AF_UNIX;
    caml_release_runtime_system();
    errno = address.s_gen.sa_family == AF_UNIX ? EXDEV : 0;
    caml_acquire_runtime_system();
    uerror("stubs_fail", Nothing);
    return unit;
}
""",
    "registry.ml": "let all : string list ref = ref []\n",
    "first.ml": 'let () = Registry.all := "first" :: !Registry.all\n',
    "second.ml": 'let () = Registry.all := "second" :: !Registry.all\n',
    "util.ml": 'let whose = "theirs"\n',
    "theirs.ml": "let whose = Util.whose\n",
    "own/util.ml": 'let whose = "own"\n',
    "made_test.ml": """external fail : unit -> unit = "stubs_fail"

let check what holds = if not holds then (prerr_endline what; exit 1)

let () =
  check "calc" (Calc.value Rewritten.Formula.text = 42);
  check "quoted" (Rewritten.Formula.text = "6 * 7");
  check "linkall" (List.sort compare !Registry.all = [ "first"; "second" ]);
  check "names" (Util.whose = "own" && Theirs.whose = "theirs");
  check "unix" (match fail () with () -> false | exception Unix.Unix_error (Unix.EXDEV, "stubs_fail", "") -> true);
  Thread.join (Thread.create ignore ())
""",
}
