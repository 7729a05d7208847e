#define CAML_NAME_SPACE
#include <caml/alloc.h>
#include <caml/mlvalues.h>
#include <zlib.h>

value crc_of_string(value text)
{
	return Val_long(crc32(0, (const Bytef *)String_val(text), (uInt)caml_string_length(text)));
}

value crc_zlib_version(value unit)
{
	(void)unit;
	return caml_copy_string(zlibVersion());
}
