"""Files of other systems become records: read, checked cell by cell, and imported all or not at all."""
