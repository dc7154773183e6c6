"""A client that inserts columns already in ClickHouse's native format, where the driver would encode value by value.

It relies on two things of the driver (0.2.11): ``Client.send_data`` gets the data of an insert once the server has said
which columns it expects, and a block is written as ``BlockOutputStream.write`` does it, whose layout is repeated here.
Connecting, the query, settings, compression, the answer and errors stay the driver's.
"""

from __future__ import annotations

from clickhouse_driver import Client, defines
from clickhouse_driver.block import BaseBlock, BlockInfo, ColumnOrientedBlock
from clickhouse_driver.protocol import ClientPacketTypes
from clickhouse_driver.streams.native import BlockOutputStream
from clickhouse_driver.varint import write_varint
from clickhouse_driver.writer import write_binary_str, write_binary_uint8

from sinks.insert import NativeColumns


class NativeClient(Client):
    """Sends NativeColumns as one block, anything else as the driver does."""

    def send_data(
        self, sample_block: BaseBlock, data: object, types_check: bool = False, columnar: bool = False
    ) -> int:
        """Send the rows of an insert, and that these were all."""
        if not isinstance(data, NativeColumns):
            return super().send_data(sample_block, data, types_check, columnar)
        if data.count:
            write_varint(ClientPacketTypes.DATA, self.connection.fout)
            write_binary_str("", self.connection.fout)  # no temporary table
            _write(self.connection.block_out, sample_block.columns_with_types, data)
            self.receive_profile_events()
        self.connection.send_data(ColumnOrientedBlock())
        self.receive_profile_events()
        return data.count


def _write(stream: BlockOutputStream, expected: list[tuple[str, str]], data: NativeColumns) -> None:
    out = stream.fout
    BlockInfo().write(out)
    write_varint(len(data.columns), out)
    write_varint(data.count, out)
    for (name, type_), content in zip(expected, data.columns, strict=True):
        write_binary_str(name, out)
        write_binary_str(type_, out)
        if stream.context.server_info.used_revision >= defines.DBMS_MIN_REVISION_WITH_CUSTOM_SERIALIZATION:
            write_binary_uint8(0, out)  # none
        out.write(content)  # bytes: the writer does not look what it is given
    stream.finalize()
