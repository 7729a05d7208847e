(* What OCaml 5 has domains for. OCaml 4.14 has none: there `kind` would be "threads", and Thread would be used here. *)

let kind = "domains"
let all tasks = List.map Domain.join (List.map Domain.spawn tasks)
