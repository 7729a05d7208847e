type t = { status : int; kind : string; body : string }

let reason = function 200 -> "OK" | 400 -> "Bad Request" | 403 -> "Forbidden" | 404 -> "Not Found" | _ -> "Error"
let plain status = { status; kind = "text/plain"; body = reason status ^ "\n" }

let write channel ~gzip { status; kind; body } =
  let body = if gzip then Gzip.pack body else body in
  Printf.fprintf channel "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n%sConnection: close\r\n\r\n%s" status
    (reason status) kind (String.length body)
    (if gzip then "Content-Encoding: gzip\r\n" else "")
    body;
  flush channel
