let kinds = [ (".html", "text/html"); (".txt", "text/plain"); (".json", "application/json") ]
let kind path = Option.value (List.assoc_opt (Filename.extension path) kinds) ~default:"application/octet-stream"

let inside path = not (List.mem ".." (String.split_on_char '/' path)) && not (String.contains path '\000')

let contents path =
  let channel = open_in_bin path in
  Fun.protect
    ~finally:(fun () -> close_in channel)
    (fun () -> really_input_string channel (in_channel_length channel))

let names folder =
  let names = Sys.readdir folder in
  Array.sort compare names;
  String.concat "" (List.map (fun name -> name ^ "\n") (Array.to_list names))

let answer ~root { Request.meth; path; gzip = _ } =
  if meth <> "GET" then Response.plain 400
  else if not (inside path) then Response.plain 403
  else
    let file = root ^ path in
    match Unix.stat file with
    | { st_kind = S_REG; _ } -> { Response.status = 200; kind = kind path; body = contents file }
    | { st_kind = S_DIR; _ } -> { Response.status = 200; kind = "text/plain"; body = names file }
    | _ | (exception Unix.Unix_error _) -> Response.plain 404
