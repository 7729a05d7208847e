type t = { meth : string; path : string; gzip : bool }

exception Bad

let hexadecimal c =
  match c with
  | '0' .. '9' -> Char.code c - Char.code '0'
  | 'a' .. 'f' -> Char.code c - Char.code 'a' + 10
  | 'A' .. 'F' -> Char.code c - Char.code 'A' + 10
  | _ -> raise Bad

(** The path of a URL without its query, [%41] replaced by [A]. *)
let decoded url =
  let url = List.hd (String.split_on_char '?' url) in
  let out = Buffer.create (String.length url) in
  let rec go at =
    if at < String.length url then
      match url.[at] with
      | '%' when at + 2 < String.length url ->
          Buffer.add_char out (Char.chr ((16 * hexadecimal url.[at + 1]) + hexadecimal url.[at + 2]));
          go (at + 3)
      | '%' -> raise Bad
      | c ->
          Buffer.add_char out c;
          go (at + 1)
  in
  go 0;
  Buffer.contents out

let words text = List.filter (( <> ) "") (String.split_on_char ' ' (String.trim text))

let rec headers channel =
  match String.trim (input_line channel) with
  | "" -> []
  | line -> (
      match String.index_opt line ':' with
      | None -> raise Bad
      | Some at ->
          let value = String.sub line (at + 1) (String.length line - at - 1) in
          (String.lowercase_ascii (String.sub line 0 at), String.trim value) :: headers channel)

let read channel =
  match words (input_line channel) with
  | [ meth; url; _version ] ->
      let wanted = Option.value (List.assoc_opt "accept-encoding" (headers channel)) ~default:"" in
      let gzip = List.exists (fun word -> String.trim word = "gzip") (String.split_on_char ',' wanted) in
      { meth; path = decoded url; gzip }
  | _ -> raise Bad
