val pack : string -> string
val unpack : string -> string

val version : unit -> string
(** Of zlib. *)
