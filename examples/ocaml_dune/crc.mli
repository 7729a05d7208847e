val crc32 : string -> int
(** The CRC-32 of a string, by zlib. *)

val zlib_version : unit -> string
