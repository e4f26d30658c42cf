"""Networks by name.

>>> import nn
>>> sum(p.numel() for p in nn.models.create("lenet").parameters())
61706
"""

from .alexnet import AlexNet, alexnet
from .autoencoder import (
    Autoencoder,
    ConvolutionalAutoencoder,
    DenoisingAutoencoder,
    contractive_penalty,
    kl_sparsity,
)
from .cnn import SmallCNN
from .dbn import DBN
from .detector import Detector, Localizer, anchor_boxes, decode_boxes, encode_boxes
from .dqn import DeepQNetwork
from .fcn import FCN, bilinear_upsampling, convolutionalize, fcn8s, fcn16s, fcn32s
from .googlenet import AuxiliaryLoss, GoogLeNet, GoogLeNetOutputs, googlenet
from .lenet import LeNet5
from .logistic import LogisticRegression
from .mlp import MLP, ResidualMLP
from .multitask import MultiTask, weighted_sum
from .perceptron import Perceptron, ThresholdNetwork
from .rbm import RBM, ContrastiveDivergence
from .registry import create, names
from .resnet import BasicBlock, Bottleneck, ResNet, resnet18, resnet34, resnet50
from .siamese import Siamese, contrastive_loss
from .squeezenet import SqueezeNet, squeezenet1_0, squeezenet1_1
from .text import RecurrentClassifier, RecurrentLanguageModel, SentenceCNN, next_token_loss
from .transfer import FeatureExtractor, create_feature_extractor, features, freeze, replace_last_layer
from .vae import VariationalAutoencoder, negative_elbo
from .vgg import VGG, vgg11, vgg11_bn, vgg13, vgg13_bn, vgg16, vgg16_bn, vgg19, vgg19_bn
from .weights import Weights, weights_of

__all__ = [
    "DBN",
    "FCN",
    "MLP",
    "RBM",
    "VGG",
    "AlexNet",
    "Autoencoder",
    "AuxiliaryLoss",
    "BasicBlock",
    "Bottleneck",
    "ContrastiveDivergence",
    "ConvolutionalAutoencoder",
    "DeepQNetwork",
    "DenoisingAutoencoder",
    "Detector",
    "FeatureExtractor",
    "GoogLeNet",
    "GoogLeNetOutputs",
    "LeNet5",
    "Localizer",
    "LogisticRegression",
    "MultiTask",
    "Perceptron",
    "RecurrentClassifier",
    "RecurrentLanguageModel",
    "ResNet",
    "ResidualMLP",
    "SentenceCNN",
    "Siamese",
    "SmallCNN",
    "SqueezeNet",
    "ThresholdNetwork",
    "VariationalAutoencoder",
    "Weights",
    "alexnet",
    "anchor_boxes",
    "bilinear_upsampling",
    "contractive_penalty",
    "contrastive_loss",
    "convolutionalize",
    "create",
    "create_feature_extractor",
    "decode_boxes",
    "encode_boxes",
    "fcn8s",
    "fcn16s",
    "fcn32s",
    "features",
    "freeze",
    "googlenet",
    "kl_sparsity",
    "names",
    "negative_elbo",
    "next_token_loss",
    "replace_last_layer",
    "resnet18",
    "resnet34",
    "resnet50",
    "squeezenet1_0",
    "squeezenet1_1",
    "vgg11",
    "vgg11_bn",
    "vgg13",
    "vgg13_bn",
    "vgg16",
    "vgg16_bn",
    "vgg19",
    "vgg19_bn",
    "weighted_sum",
    "weights_of",
]
