external crc32 : string -> int = "crc_of_string"
external zlib_version : unit -> string = "crc_zlib_version"
