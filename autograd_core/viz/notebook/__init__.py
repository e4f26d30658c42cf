"""What notebooks show of tensors, modules, drawings, traces and steppers, and the questions in them."""

from .answers import Reply, ask
from .bundle import mimebundle, of_frontend
from .markup import framed

__all__ = ["Reply", "ask", "framed", "mimebundle", "of_frontend"]
