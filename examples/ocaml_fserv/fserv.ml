(* `fserv FOLDER PORT` serves a folder. Without arguments it serves one of its own and is its own client: it shows what a
   link mode must not break. *)

open Web

let get port ?(gzip = false) path =
  let socket = Unix.socket PF_INET SOCK_STREAM 0 in
  Unix.connect socket (ADDR_INET (Unix.inet_addr_loopback, port));
  let output = Unix.out_channel_of_descr socket and input = Unix.in_channel_of_descr socket in
  Printf.fprintf output "GET %s HTTP/1.1\r\nHost: here\r\n%s\r\n%!" path (if gzip then "Accept-Encoding: br, gzip\r\n" else "");
  let answer = Fun.protect ~finally:(fun () -> close_in input) (fun () -> In_channel.input_all input) in
  let status = int_of_string (String.sub answer 9 3) in
  match Str.bounded_split_delim (Str.regexp_string "\r\n\r\n") answer 2 with
  | [ _; body ] -> (status, if gzip then Gzip.unpack body else body)
  | _ -> (status, "")

let show path (status, body) = Printf.printf "%s: %d, %d bytes\n" path status (String.length body)

let folder () =
  let beside = Option.value (Sys.getenv_opt "TEST_TMPDIR") ~default:"." in
  let path = Printf.sprintf "%s/fserv-%d" beside (Unix.getpid ()) in
  Unix.mkdir path 0o755;
  let file = path ^ "/verse.txt" in
  Out_channel.with_open_bin file (fun out ->
      for line = 1 to 400 do
        Printf.fprintf out "line %d of a text that packs well\n" line
      done);
  at_exit (fun () ->
      Sys.remove file;
      Unix.rmdir path);
  path

let demonstrate () =
  let port = Server.port (Server.start ~root:(folder ()) ~port:0) in
  List.iter (fun path -> show path (get port path)) [ "/"; "/verse.txt"; "/%76erse.txt?x"; "/none"; "/../passwd"; "/%4" ];
  let _, plain = get port "/verse.txt" in
  let _, unpacked = get port ~gzip:true "/verse.txt" in
  Printf.printf "the same after packing: %b, smaller: %b\n" (plain = unpacked)
    (String.length (Gzip.pack plain) * 10 < String.length plain);
  (* eight clients at once *)
  let served = Atomic.make 0 in
  let client _ = if get port "/verse.txt" = (200, plain) then Atomic.incr served in
  List.iter Thread.join (List.init 8 (Thread.create client));
  Printf.printf "clients at once: %d\n" (Atomic.get served);
  let sum n () = List.fold_left ( + ) 0 (List.init n Fun.id) in
  Printf.printf "in two %s: %d\n" Parallel.kind (List.fold_left ( + ) 0 (Parallel.all [ sum 1000; sum 2000 ]));
  (try ignore (Gzip.unpack "no gzip") with Failure why -> Printf.printf "caught from C: %s\n" why);
  let rec deep n = if n = 0 then 0 else 1 + deep (n - 1) in
  Printf.printf "deep: %d\n" (deep 200_000);
  Gc.full_major ();
  Printf.printf "zlib %s\n" (Gzip.version ())

let () =
  match Sys.argv with
  | [| _; root; port |] -> Server.wait (Server.start ~root ~port:(int_of_string port))
  | _ -> demonstrate ()
