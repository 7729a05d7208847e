external pack : string -> string = "fserv_pack"
external unpack : string -> string = "fserv_unpack"
external version : unit -> string = "fserv_zlib_version"
