# embed.cmake: writes schema.sql and the views as C, so that the library carries the very text that stands in the tree.
#
# cmake -DOUTPUT=store_sql.c -DSCHEMA=schema.sql "-DVIEWS=a.sql|b.sql" "-DSTREAM_VIEWS=stream/c.sql" -P embed.cmake

# The bytes of FILE as a C array called NAME, with a NUL at the end.
function(embed file name out)
    file(READ ${file} hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
    set(${out} "const char ${name}[] = {${bytes}0};\n" PARENT_SCOPE)
endfunction()

set(text "/* Made by embed.cmake from schema.sql and views/. */\n#include \"store.h\"\n\n")
embed(${SCHEMA} tt_store_schema array)
string(APPEND text "${array}")

# The FILES as an array of struct tt_store_view called NAME, appended to the text.
function(embed_views name files)
    string(REPLACE "|" ";" views "${files}")
    set(rows)
    foreach(view IN LISTS views)
        cmake_path(GET view STEM stem)
        embed(${view} view_${stem} array)
        string(APPEND text "static ${array}")
        string(APPEND rows "    {\"${stem}\", view_${stem}},\n")
    endforeach()
    set(text "${text}const struct tt_store_view ${name}[] = {\n${rows}    {0, 0},\n};\n" PARENT_SCOPE)
endfunction()

embed_views(tt_store_views "${VIEWS}")
embed_views(tt_store_stream_views "${STREAM_VIEWS}")
file(WRITE ${OUTPUT} "${text}")
