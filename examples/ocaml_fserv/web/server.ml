type t = { port : int; thread : Thread.t }

let serve root client =
  let input = Unix.in_channel_of_descr client and output = Unix.out_channel_of_descr client in
  Fun.protect
    ~finally:(fun () -> close_out_noerr output)
    (fun () ->
      match Request.read input with
      | request -> Response.write output ~gzip:request.gzip (Files.answer ~root request)
      | exception (Request.Bad | End_of_file) -> Response.write output ~gzip:false (Response.plain 400))

let rec accept root socket =
  let client, _ = Unix.accept ~cloexec:true socket in
  ignore (Thread.create (serve root) client);
  accept root socket

let start ~root ~port =
  (* a client that goes away is no reason to end *)
  Sys.set_signal Sys.sigpipe Sys.Signal_ignore;
  let socket = Unix.socket ~cloexec:true PF_INET SOCK_STREAM 0 in
  Unix.setsockopt socket SO_REUSEADDR true;
  Unix.bind socket (ADDR_INET ((if port = 0 then Unix.inet_addr_loopback else Unix.inet_addr_any), port));
  Unix.listen socket 64;
  let port = match Unix.getsockname socket with ADDR_INET (_, port) -> port | ADDR_UNIX _ -> port in
  { port; thread = Thread.create (accept root) socket }

let port server = server.port
let wait server = Thread.join server.thread
