(* Prints the CRC-32 of its standard input. Unix is there to have a library with C stubs of its own. *)
let read_all channel =
  let size = 65536 in
  let chunk = Bytes.create size and text = Buffer.create size in
  let rec more () =
    match Unix.read channel chunk 0 size with
    | 0 -> Buffer.contents text
    | count ->
        Buffer.add_subbytes text chunk 0 count;
        more ()
  in
  more ()

let () =
  let text = read_all Unix.stdin in
  Printf.printf "%08x  %d bytes\n" (Crc.crc32 text) (String.length text)
