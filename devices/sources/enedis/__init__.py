"""Files of Enedis (SGE): one module a family of flows; pure, bytes in, readings out."""
