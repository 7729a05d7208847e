open Web

let check what holds =
  if not holds then begin
    prerr_endline ("failed: " ^ what);
    exit 1
  end

let () =
  check "decoded" (Request.decoded "/a%20b?c=d" = "/a b");
  check "half an escape" (match Request.decoded "/%4" with _ -> false | exception Request.Bad -> true);
  check "no escape" (match Request.decoded "/%zz" with _ -> false | exception Request.Bad -> true);
  let text = String.init 100_000 (fun at -> Char.chr (at * at mod 251)) in
  check "packed and unpacked" (Gzip.unpack (Gzip.pack text) = text);
  check "nothing packed" (Gzip.unpack (Gzip.pack "") = "");
  let packed = Gzip.pack text in
  check "cut short" (match Gzip.unpack (String.sub packed 0 50) with _ -> false | exception Failure _ -> true);
  check "outside" ((Files.answer ~root:"." { meth = "GET"; path = "/../x"; gzip = false }).status = 403);
  check "POST" ((Files.answer ~root:"." { meth = "POST"; path = "/"; gzip = false }).status = 400)
