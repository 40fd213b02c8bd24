"""What an invoice says on paper: its snapshot as data, the picture and the sentences made of it, the PDF."""
